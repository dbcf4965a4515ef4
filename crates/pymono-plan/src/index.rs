//! From where a stage takes distributions that it knows by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pymono_lock::PinSource;
use pymono_names::{Credential, InvalidTreePath, Login, TreePath};
use pymono_workspace::{Index, IndexFormat, Secret, SecretPlace, variable_of};

/// The name that an index gets which has a login but no name.
const NAMELESS: &str = "pymono";

/// Where distributions are looked for by name: in one place, and in no other if it has them not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexChoice {
    /// Where the installer looks if it is told nothing.
    Installer,
    /// An index.
    One(ChosenIndex),
    /// A folder of the tree.
    Folder(TreePath),
}

impl fmt::Display for IndexChoice {
    /// Says which place it is, and nothing of how one gets in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installer => f.write_str("default"),
            Self::One(index) => f.write_str(&index.url),
            Self::Folder(path) => path.fmt(f),
        }
    }
}

/// An index, and how a stage gets in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChosenIndex {
    /// The name by which the installer finds its login.
    pub name: Option<String>,
    /// Its URL, without a login.
    pub url: String,
    /// How it lists its files.
    pub format: IndexFormat,
    /// True if it is the default of its projects: the build's environment may put a mirror in its place.
    pub default: bool,
    /// The user name, where it is known and only the password is secret.
    pub user: Option<String>,
    /// The secrets that open it, each of which may be absent.
    pub secrets: BTreeSet<Secret>,
}

impl ChosenIndex {
    /// Returns the names of the variables in which the installer finds the user name and the password.
    pub fn variables(&self) -> Option<(String, String)> {
        let name = variable_of(self.name.as_ref()?);
        Some((format!("UV_INDEX_{name}_USERNAME"), format!("UV_INDEX_{name}_PASSWORD")))
    }

    /// Returns its name, if people gave it one.
    pub fn given_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.starts_with(NAMELESS))
    }

    fn configured(index: &Index) -> Self {
        let Index { name, url, format, explicit: _, default, login } = index;
        Self {
            name: name.clone(),
            url: url.clone(),
            format: *format,
            default: *default,
            user: None,
            secrets: BTreeSet::from([Secret::netrc()]),
        }
        .with_login(login)
    }

    /// Returns an index that only a lock names.
    fn unconfigured(url: String, login: &Login, default: bool) -> Self {
        let index = Self {
            name: None,
            url,
            format: IndexFormat::Simple,
            default,
            user: None,
            secrets: BTreeSet::new(),
        };
        index.with_login(login)
    }

    /// Returns the place of an archive that has a login of its own, as if it were an index.
    pub(crate) fn around(url: &str, login: &Login) -> Option<Self> {
        if *login == Login::default() {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split('/').next()?;
        let place = Self {
            name: Some(format!("{NAMELESS}-files")),
            url: format!("{scheme}://{host}/"),
            format: IndexFormat::Simple,
            default: false,
            user: None,
            secrets: BTreeSet::new(),
        };
        Some(place.with_login(login))
    }

    /// Adds the secrets that a login names, or that the installer looks for by the index's name.
    fn with_login(mut self, login: &Login) -> Self {
        if *login != Login::default() {
            self.name.get_or_insert_with(|| NAMELESS.to_owned());
            self.secrets.insert(Secret::netrc());
        }
        let Some((user, password)) = self.variables() else { return self };
        let secret = |credential: &Option<Credential>, place: String| match credential {
            Some(Credential::Variable(id)) => {
                Secret { id: id.clone(), place: SecretPlace::Variable(place), required: false }
            }
            _ => Secret::variable(place),
        };
        match &login.user {
            Some(Credential::Literal(user)) if login.password.is_some() => {
                self.user = Some(user.clone());
            }
            other => drop(self.secrets.insert(secret(other, user))),
        }
        self.secrets.insert(secret(&login.password, password));
        self
    }
}

/// The indexes that are configured for the projects of one lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexes<'a> {
    /// The folder of the lock, from which its paths are seen.
    pub(crate) folder: &'a TreePath,
    /// What the configuration names.
    pub(crate) configured: &'a [Index],
}

impl Indexes<'_> {
    /// Returns where build requirements come from, and what a lock takes from nowhere in particular.
    pub(crate) fn default(&self) -> IndexChoice {
        let default = self.configured.iter().find(|index| index.default);
        let choice = default.map(|index| match self.local(&index.url) {
            Some(Ok(folder)) => IndexChoice::Folder(folder),
            Some(Err(_)) => IndexChoice::Installer,
            None => IndexChoice::One(ChosenIndex::configured(index)),
        });
        choice.unwrap_or(IndexChoice::Installer)
    }

    /// Returns what a lock means by an index's URL or path.
    pub(crate) fn find(&self, written: &str) -> Result<IndexChoice, InvalidTreePath> {
        if written == PinSource::DEFAULT_INDEX {
            return Ok(self.default());
        }
        if let Some(folder) = self.local(written) {
            return folder.map(IndexChoice::Folder);
        }
        let (url, login) = Login::split(written);
        let same = |index: &&Index| index.url.trim_end_matches('/') == url.trim_end_matches('/');
        Ok(IndexChoice::One(match self.configured.iter().find(same) {
            // Where the lock itself names variables, they are what its tool takes.
            Some(index) if login == Login::default() => ChosenIndex::configured(index),
            Some(index) => ChosenIndex::configured(&Index { login, ..index.clone() }),
            None => {
                // Then it was the installer's default where the lock was made.
                let default = !self.configured.iter().any(|index| index.default);
                ChosenIndex::unconfigured(url, &login, default)
            }
        }))
    }

    fn local(&self, written: &str) -> Option<Result<TreePath, InvalidTreePath>> {
        (!written.contains("://")).then(|| self.folder.join(written))
    }
}

/// Unites secrets so that no two are in one place; who requires one decides.
pub(crate) fn unite<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> BTreeSet<Secret> {
    one_of_each(secrets, |secret| &secret.place)
}

/// Returns secrets by their id, which the builder is given each of once; who requires one decides.
pub(crate) fn by_id<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> BTreeSet<Secret> {
    one_of_each(secrets, |secret| &secret.id)
}

fn one_of_each<'a, K: Ord + 'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    key: fn(&'a Secret) -> &'a K,
) -> BTreeSet<Secret> {
    let mut kept = BTreeMap::<&K, &Secret>::new();
    for secret in secrets {
        let known = kept.entry(key(secret)).or_insert(secret);
        if secret.required && !known.required {
            *known = secret;
        }
    }
    kept.into_values().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, default: bool) -> Index {
        Index {
            name: Some(name.to_owned()),
            url: format!("https://{name}.example/simple"),
            format: IndexFormat::Simple,
            explicit: false,
            default,
            login: Login::default(),
        }
    }

    fn find(configured: &[Index], written: &str) -> IndexChoice {
        Indexes { folder: &TreePath::root(), configured }.find(written).unwrap()
    }

    #[test]
    fn what_no_lock_names_comes_from_the_configured_default_or_the_installer_s_own() {
        let listed = [index("listed", false)];
        assert_eq!(find(&listed, PinSource::DEFAULT_INDEX), IndexChoice::Installer);
        let both = [index("listed", false), index("corp", true)];
        let IndexChoice::One(chosen) = find(&both, PinSource::DEFAULT_INDEX) else { panic!() };
        assert_eq!(chosen.name.as_deref(), Some("corp"));
    }

    #[test]
    fn an_index_is_known_again_with_another_end_and_a_login() {
        let known = [index("corp", false)];
        for written in ["https://corp.example/simple/", "https://bob:hidden@corp.example/simple"] {
            let IndexChoice::One(chosen) = find(&known, written) else { panic!() };
            assert_eq!(chosen.name.as_deref(), Some("corp"));
            assert_eq!(chosen.url, "https://corp.example/simple");
        }
        let IndexChoice::One(other) = find(&known, "https://corp.example/simple2") else {
            panic!()
        };
        assert_eq!((other.name, other.default, other.secrets.len()), (None, true, 0));
    }

    #[test]
    fn of_two_secrets_in_one_place_the_required_one_stays() {
        let required = Secret { required: true, ..Secret::netrc() };
        let united = unite([&Secret::netrc(), &required, &Secret::netrc()]);
        assert_eq!(united, BTreeSet::from([required]));
    }
}
