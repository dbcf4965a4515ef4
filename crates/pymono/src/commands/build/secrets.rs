//! The secrets and the SSH agent that builds are given without being told on the command line.
//!
//! Only names of variables and files are passed on; what they hold, buildx reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use camino::Utf8PathBuf;
use pymono_workspace::{Secret, SecretPlace};

/// What the user's environment has to give.
pub(crate) struct Given<'a> {
    env: BTreeMap<&'a str, &'a str>,
}

impl<'a> Given<'a> {
    /// Takes the variables that are set to something.
    pub(crate) fn new(env: &'a [(OsString, OsString)]) -> Self {
        let pairs = env.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        Self { env: pairs.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// Returns buildx's `--secret` arguments for a build that may want these: first those of the command line.
    pub(crate) fn secrets(&self, wanted: BTreeSet<Secret>, told: &[String]) -> Vec<String> {
        let ids: BTreeSet<&str> = told.iter().filter_map(|text| id_of(text)).collect();
        let wanted = wanted.into_iter().filter(|secret| !ids.contains(secret.id.as_str()));
        let found = wanted.filter_map(|secret| self.secret(&secret));
        told.iter().cloned().chain(found).collect()
    }

    /// Returns buildx's `--ssh` arguments: those of the command line, or else the agent where one is needed.
    pub(in crate::commands) fn ssh(&self, is_needed: bool, told: &[String]) -> Vec<String> {
        let agent = self.env.contains_key("SSH_AUTH_SOCK") && is_needed;
        if told.is_empty() && agent { vec!["default".to_owned()] } else { told.to_vec() }
    }

    fn secret(&self, secret: &Secret) -> Option<String> {
        let (id, name) = (&secret.id, secret.told_by());
        if let SecretPlace::Variable(_) = secret.place {
            return self.env.contains_key(name.as_str()).then(|| format!("id={id},env={name}"));
        }
        let named = self.env.get(name.as_str()).map(Utf8PathBuf::from);
        let path = named.or_else(|| self.usual_file(secret))?;
        Some(format!("id={id},src={path}"))
    }

    /// Returns the file that a person's own programs read for this.
    fn usual_file(&self, secret: &Secret) -> Option<Utf8PathBuf> {
        let path = match secret.id.as_str() {
            // All of a person's logins are only given where the configuration asks for them.
            Secret::NETRC if secret.required => ".netrc",
            // Which hosts a person trusts is no secret, and the agent is given along.
            "known_hosts" => ".ssh/known_hosts",
            _ => return None,
        };
        let path = Utf8PathBuf::from(self.env.get("HOME")?).join(path);
        path.is_file().then_some(path)
    }
}

/// Returns the id in a `--secret` argument.
fn id_of(secret: &str) -> Option<&str> {
    secret.split(',').find_map(|part| part.trim().strip_prefix("id="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(env: &[(&str, &str)], secret: &Secret) -> Option<String> {
        let env: Vec<(OsString, OsString)> =
            env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Given::new(&env).secret(secret)
    }

    #[test]
    fn a_variable_is_passed_on_by_its_name_where_it_is_set() {
        let secret = Secret::variable("TOKEN");
        assert_eq!(given(&[("TOKEN", "x")], &secret).as_deref(), Some("id=TOKEN,env=TOKEN"));
        assert_eq!(given(&[("TOKEN", "")], &secret), None);
        assert_eq!(given(&[], &secret), None);
    }

    #[test]
    fn all_logins_of_a_person_are_given_only_where_that_is_asked_for() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().to_str().unwrap();
        std::fs::write(format!("{home}/.netrc"), "").unwrap();
        let required = Secret { required: true, ..Secret::netrc() };
        assert_eq!(given(&[("HOME", home)], &Secret::netrc()), None);
        let usual = format!("id=netrc,src={home}/.netrc");
        assert_eq!(given(&[("HOME", home)], &required), Some(usual));
        let named = [("HOME", home), ("NETRC", "/logins")];
        assert_eq!(given(&named, &required).as_deref(), Some("id=netrc,src=/logins"));
    }

    #[test]
    fn the_command_line_tells_which_secret_is_given_otherwise() {
        assert_eq!(id_of("id=netrc,src=/x"), Some("netrc"));
        assert_eq!(id_of("src=/x, id=netrc"), Some("netrc"));
        assert_eq!(id_of("type=env"), None);
    }
}
