//! The tools that manage what Python projects depend on.

use std::fmt;

/// A tool that manages the dependencies of a project, or that builds it where none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// uv
    Uv,
    /// Poetry
    Poetry,
    /// PDM
    Pdm,
    /// pipenv
    Pipenv,
    /// pip, with files of requirements.
    Pip,
    /// Hatch
    Hatch,
    /// Flit
    Flit,
    /// setuptools
    Setuptools,
    /// maturin
    Maturin,
    /// scikit-build-core
    ScikitBuild,
}

impl Manager {
    /// Returns the name by which the tool is known.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Pipenv => "pipenv",
            Self::Pip => "pip",
            Self::Hatch => "hatch",
            Self::Flit => "flit",
            Self::Setuptools => "setuptools",
            Self::Maturin => "maturin",
            Self::ScikitBuild => "scikit-build",
        }
    }

    /// Returns how a lock is made for a project without one, as the end of a sentence.
    pub fn lock_command(self) -> &'static str {
        match self {
            Self::Poetry => "poetry lock",
            Self::Pdm => "pdm lock",
            Self::Pipenv => "pipenv lock",
            _ => "uv lock",
        }
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
