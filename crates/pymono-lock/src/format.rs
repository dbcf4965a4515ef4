//! The kinds of lock files that are known.

use std::fmt;

/// A kind of lock file, told by the tool that writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockFormat {
    /// `uv.lock`
    Uv,
    /// `poetry.lock`
    Poetry,
    /// `pdm.lock`
    Pdm,
    /// `pylock.toml` and `pylock.NAME.toml`, which many tools write.
    Pylock,
    /// `Pipfile.lock`
    Pipfile,
    /// `requirements.txt` and the like.
    Requirements,
    /// `pymono.lock`, which pins what the locks of projects do not.
    Pymono,
}

impl LockFormat {
    /// Returns the format that a file of this name has, or nothing if it is no lock.
    ///
    /// Requirements may have any name; those whose name starts with
    /// `requirements` and ends in `.txt` are found.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let between = |start: &str, end: &str| {
            name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
        };
        // The specification allows one part between the two, and no dot in it.
        let named = || name.strip_prefix("pylock.")?.strip_suffix(".toml");
        Some(match name {
            "uv.lock" => Self::Uv,
            "poetry.lock" => Self::Poetry,
            "pdm.lock" => Self::Pdm,
            "pylock.toml" => Self::Pylock,
            "Pipfile.lock" => Self::Pipfile,
            _ if named().is_some_and(|part| !part.is_empty() && !part.contains('.')) => {
                Self::Pylock
            }
            _ if between("requirements", ".txt") => Self::Requirements,
            _ => return None,
        })
    }

    /// Returns how a lock of this format is written anew, as the start of a sentence.
    pub fn relock(self) -> &'static str {
        match self {
            Self::Uv => "run `uv lock`",
            Self::Poetry => "run `poetry lock`",
            Self::Pdm => "run `pdm lock`",
            Self::Pipfile => "run `pipenv lock`",
            Self::Pymono => "run `pymono lock`",
            Self::Pylock | Self::Requirements => "write it anew with the tool that made it",
        }
    }
}

impl fmt::Display for LockFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uv => "uv.lock",
            Self::Poetry => "poetry.lock",
            Self::Pdm => "pdm.lock",
            Self::Pylock => "pylock.toml",
            Self::Pipfile => "Pipfile.lock",
            Self::Requirements => "requirements.txt",
            Self::Pymono => "pymono.lock",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_format() {
        let of = LockFormat::of_file_name;
        for format in [
            LockFormat::Uv,
            LockFormat::Poetry,
            LockFormat::Pdm,
            LockFormat::Pylock,
            LockFormat::Pipfile,
            LockFormat::Requirements,
        ] {
            assert_eq!(of(&format.to_string()), Some(format));
        }
        assert_eq!(of("pylock.api.toml"), Some(LockFormat::Pylock));
        assert_eq!(of("requirements-prod.txt"), Some(LockFormat::Requirements));
        for other in ["pylock.a.b.toml", "pylock..toml", "requirements.in", "Pipfile", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
