//! What CI services tell of a run: which commit it is about, and what was there before.
//!
//! GitHub: <https://docs.github.com/actions/reference/workflows-and-actions/variables>, and the event
//! in the file that `GITHUB_EVENT_PATH` names; GitLab: <https://docs.gitlab.com/ci/variables/predefined_variables/>;
//! Bitbucket: <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>.

use std::{ffi::OsString, fs};

use serde_json::Value;

use super::{Wanted, is_zero};
use crate::ScanError;

/// The variables of a run.
struct Run<'a>(&'a [(OsString, OsString)]);

/// Returns the base of the run that the environment tells of, and what kind of run it is.
pub(super) fn wanted(env: &[(OsString, OsString)]) -> Result<(Wanted, Option<String>), ScanError> {
    let run = Run(env);
    let (wanted, why) = if run.var("GITHUB_ACTIONS").is_some() {
        run.github()?
    } else if run.var("GITLAB_CI").is_some() {
        run.gitlab()
    } else if run.var("BITBUCKET_BUILD_NUMBER").is_some() {
        run.bitbucket()?
    } else {
        return Ok((Wanted::DefaultBranch, None));
    };
    Ok((wanted, Some(why)))
}

fn unknown(why: &str) -> ScanError {
    ScanError::NoBase { why: why.to_owned() }
}

impl Run<'_> {
    /// Returns the value of a variable that is set to something.
    fn var(&self, name: &str) -> Option<String> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned()).filter(|it| !it.is_empty())
    }

    fn github(&self) -> Result<(Wanted, String), ScanError> {
        let event = self.var("GITHUB_EVENT_NAME").unwrap_or_default();
        let told = |kind: &str| format!("a {kind} on GitHub");
        if let Some(branch) = self.var("GITHUB_BASE_REF") {
            return Ok((Wanted::MergeBase(format!("origin/{branch}")), told("pull request")));
        }
        if self.var("GITHUB_REF_TYPE").as_deref() == Some("tag") {
            return Ok((Wanted::LastTag, told("tag")));
        }
        let payload = self.payload()?;
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        match event.as_str() {
            "merge_group" => {
                let base =
                    text("/merge_group/base_sha").ok_or_else(|| missing("merge_group.base_sha"))?;
                Ok((Wanted::Exactly(base.to_owned()), told("merge queue")))
            }
            "push" => {
                let before = text("/before").ok_or_else(|| missing("before"))?;
                let branch = text("/repository/default_branch").map(|it| format!("origin/{it}"));
                Ok((pushed(before, branch), told("push")))
            }
            _ => {
                let default = text("/repository/default_branch");
                let branch =
                    default.filter(|it| self.var("GITHUB_REF_NAME").as_deref() != Some(*it));
                let branch = branch.ok_or_else(|| {
                    unknown(&format!(
                        "`{event}` on the default branch does not say what was there before"
                    ))
                })?;
                Ok((Wanted::MergeBase(format!("origin/{branch}")), told("run")))
            }
        }
    }

    /// Returns the event that GitHub started the run for.
    fn payload(&self) -> Result<Value, ScanError> {
        let path = self
            .var("GITHUB_EVENT_PATH")
            .ok_or_else(|| unknown("`GITHUB_EVENT_PATH` is not set"))?;
        let text =
            fs::read(&path).map_err(|source| ScanError::Read { path: path.clone(), source })?;
        serde_json::from_slice(&text)
            .map_err(|error| unknown(&format!("`{path}` is no JSON: {error}")))
    }

    fn gitlab(&self) -> (Wanted, String) {
        let told = |kind: &str| format!("a {kind} on GitLab");
        // Where the head is merged already, what it is merged with is the base.
        let merged = self.var("CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
        if let Some(base) = merged.or_else(|| self.var("CI_MERGE_REQUEST_DIFF_BASE_SHA")) {
            return (Wanted::MergeBase(base), told("merge request"));
        }
        if self.var("CI_COMMIT_TAG").is_some() {
            return (Wanted::LastTag, told("tag"));
        }
        let before = self.var("CI_COMMIT_BEFORE_SHA").unwrap_or_else(|| "0".repeat(40));
        let branch = self.var("CI_DEFAULT_BRANCH").map(|it| format!("origin/{it}"));
        (pushed(&before, branch), told("push"))
    }

    fn bitbucket(&self) -> Result<(Wanted, String), ScanError> {
        let told = |kind: &str| format!("a {kind} on Bitbucket");
        let destination = self.var("BITBUCKET_PR_DESTINATION_COMMIT");
        let branch = self.var("BITBUCKET_PR_DESTINATION_BRANCH").map(|it| format!("origin/{it}"));
        if let Some(base) = branch.or(destination) {
            return Ok((Wanted::MergeBase(base), told("pull request")));
        }
        if self.var("BITBUCKET_TAG").is_some() {
            return Ok((Wanted::LastTag, told("tag")));
        }
        Err(unknown("Bitbucket does not say what was there before a push"))
    }
}

/// Returns the base of a push.
fn pushed(before: &str, default_branch: Option<String>) -> Wanted {
    if is_zero(before) {
        Wanted::FirstPush(default_branch)
    } else {
        Wanted::Exactly(before.to_owned())
    }
}

fn missing(key: &str) -> ScanError {
    unknown(&format!("the event of GitHub has no `{key}`"))
}

#[cfg(test)]
#[path = "auto_tests.rs"]
mod tests;
