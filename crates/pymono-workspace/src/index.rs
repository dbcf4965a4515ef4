//! Indexes of distributions, and secrets that builds are given.

use pymono_names::Login;

/// An index of distributions, as a project's configuration names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index {
    /// Its name, by which the installer finds its login in the environment.
    pub name: Option<String>,
    /// Its URL without a login, or a path relative to the folder of the lock.
    pub url: String,
    /// How it lists its files.
    pub format: IndexFormat,
    /// True if only what names it is taken from there.
    pub explicit: bool,
    /// True if it takes the place of the installer's default: build requirements come from there.
    pub default: bool,
    /// The login that its URL was written with.
    pub login: Login,
}

/// How an index lists its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexFormat {
    /// A page for each project ([PEP 503](https://peps.python.org/pep-0503/)).
    #[default]
    Simple,
    /// One page or folder with all files, as `--find-links` takes it.
    Flat,
}

/// A secret that build steps are given; its value is known to the builder alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret {
    /// The name by which the builder is given it.
    pub id: String,
    /// Where a step finds it.
    pub place: SecretPlace,
    /// True if steps fail without it.
    pub required: bool,
}

/// Where a step finds a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretPlace {
    /// An environment variable of this name.
    Variable(String),
    /// A file at this absolute path.
    File(String),
}

impl Secret {
    /// The id of the secret that is a file of logins, as `curl`, git and uv read it.
    pub const NETRC: &'static str = "netrc";

    /// Returns a secret in the environment variable of its own name, which may be absent.
    pub fn variable(name: impl Into<String>) -> Self {
        let id = name.into();
        Self { place: SecretPlace::Variable(id.clone()), id, required: false }
    }

    /// Returns the secret [`Secret::NETRC`] where all programs look for it, which may be absent.
    pub fn netrc() -> Self {
        let place = SecretPlace::File("/root/.netrc".to_owned());
        Self { id: Self::NETRC.to_owned(), place, required: false }
    }

    /// Returns the environment variable by which a client is told of it.
    ///
    /// For what a step finds in a variable, it holds the value; for a file, the file's path.
    pub fn told_by(&self) -> String {
        match self.place {
            SecretPlace::Variable(_) => self.id.clone(),
            SecretPlace::File(_) => variable_of(&self.id),
        }
    }
}

/// Returns the part of an environment variable's name that stands for `name`: `UV_INDEX_<NAME>_PASSWORD`.
pub fn variable_of(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(fits).collect()
}
