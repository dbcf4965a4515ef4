//! What a step needs to reach the places that its distributions come from.

use std::collections::BTreeSet;

use pymono_names::{Credential, Login};
use pymono_workspace::{Secret, SecretPlace, variable_of};

use crate::{
    ChosenIndex, GitAccess, GitOrigin, IndexChoice, Origin, Requirement,
    index::unite,
    share::{Form, Supply},
};

/// The secret with the keys of SSH hosts that are trusted.
///
/// Nobody is trusted without it: a host's key that is looked up when it is
/// needed is whoever's who answers.
const KNOWN_HOSTS: &str = "known_hosts";

/// What the step of a group needs.
pub(crate) struct Access {
    /// How the stage's name begins.
    pub(crate) prefix: &'static str,
    /// The system packages that it needs beside the compilers, if it needs compilers at all.
    pub(crate) toolchain: Option<BTreeSet<String>>,
    /// The index whose login opens archives.
    pub(crate) archives: Option<ChosenIndex>,
    /// What git needs.
    pub(crate) git: Option<GitAccess>,
    /// What the step is given.
    pub(crate) secrets: BTreeSet<Secret>,
}

/// Returns what the step of these requirements needs.
pub(crate) fn of(supply: &Supply, requirements: &BTreeSet<Requirement>) -> Access {
    let to_index = to_index(&supply.index, &supply.secrets);
    match &supply.form {
        Form::Artifacts { archives, toolchain, .. } => {
            let more = archives.iter().flat_map(|index| &index.secrets);
            let is_url = |it: &Requirement| matches!(it.origin, Origin::Url { .. });
            let netrc = requirements.iter().any(is_url).then(Secret::netrc);
            Access {
                prefix: if toolchain.is_some() { "sdist" } else { "deps" },
                toolchain: toolchain.clone(),
                archives: archives.clone(),
                git: None,
                secrets: unite(to_index.iter().chain(more).chain(&netrc)),
            }
        }
        Form::Git { toolchain } => to_git(toolchain, &to_index, requirements),
    }
}

/// Returns the secrets for an index together with those that are configured.
pub(crate) fn to_index(index: &IndexChoice, configured: &BTreeSet<Secret>) -> BTreeSet<Secret> {
    match index {
        IndexChoice::One(index) => unite(configured.iter().chain(&index.secrets)),
        IndexChoice::Installer | IndexChoice::Folder(_) => configured.clone(),
    }
}

fn to_git(
    toolchain: &BTreeSet<String>,
    configured: &BTreeSet<Secret>,
    requirements: &BTreeSet<Requirement>,
) -> Access {
    let commits = requirements.iter().filter_map(|requirement| match &requirement.origin {
        Origin::Git(commit) => Some(commit),
        _ => None,
    });
    let mut apt = toolchain.clone();
    apt.insert("git".to_owned());
    let (mut git, mut secrets) = (GitAccess::default(), BTreeSet::from([Secret::netrc()]));
    for commit in commits {
        if commit.lfs {
            apt.insert("git-lfs".to_owned());
        }
        if commit.is_ssh() {
            git.ssh = true;
            apt.insert("openssh-client".to_owned());
            let place = SecretPlace::File(format!("/run/secrets/{KNOWN_HOSTS}"));
            secrets.insert(Secret { id: KNOWN_HOSTS.to_owned(), place, required: false });
        }
        if let Some((site, token)) = token(commit) {
            if let SecretPlace::Variable(variable) = &token.place {
                git.tokens.insert(site, variable.clone());
            }
            secrets.insert(token);
        }
    }
    Access {
        prefix: "git",
        toolchain: Some(apt),
        archives: None,
        git: Some(git),
        secrets: unite(configured.iter().chain(&secrets)),
    }
}

/// Returns a commit's site and the secret with the token for it: one of its own, so that none is shown to another.
fn token(commit: &GitOrigin) -> Option<(String, Secret)> {
    let site = commit.site()?;
    let host = site.split_once("://")?.1;
    let variable = format!("GIT_AUTH_TOKEN_{}", variable_of(host));
    let Login { user, password } = &commit.login;
    let id = match (password, user) {
        (Some(Credential::Variable(id)), _) | (None, Some(Credential::Variable(id))) => id.clone(),
        _ => variable.clone(),
    };
    Some((site.to_owned(), Secret { id, place: SecretPlace::Variable(variable), required: false }))
}
