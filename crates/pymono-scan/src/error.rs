//! What can be wrong with a tree.

use std::{fmt, io};

use camino::Utf8PathBuf;
use pymono_exec::ExecError;
use thiserror::Error;

/// Where in the tree something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as people name it: relative to the root where it lies below.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The dotted key, where it is about one.
    pub key: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, key } = self;
        write!(f, "`{file}`")?;
        if let Some(line) = line {
            write!(f, ", line {line}")?;
        }
        key.as_ref().map_or(Ok(()), |key| write!(f, ", key `{key}`"))
    }
}

/// A tree that cannot be scanned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The root is no folder.
    #[error("`{0}` is no folder")]
    Root(Utf8PathBuf),
    /// The scan was asked to end.
    #[error("the scan was interrupted")]
    Interrupted,
    /// A program could not be asked.
    #[error("failed to ask `{program}` about the tree")]
    Ask {
        /// The program.
        program: String,
        /// Why.
        source: ExecError,
    },
    /// Files that a program is asked about could not be laid out for it.
    #[error("failed to write a temporary folder")]
    Temporary(#[source] io::Error),
    /// A program answered with a failure.
    #[error("`{command}` failed: {stderr}")]
    Answer {
        /// The command as it would be typed.
        command: String,
        /// What it wrote to standard error, trimmed.
        stderr: String,
    },
    /// Git knows no such revision.
    #[error("git knows no revision `{name}` here")]
    Revision {
        /// The revision as it was asked for.
        name: String,
        /// Whether the clone has a part of the history only.
        shallow: bool,
    },
    /// A sparse checkout leaves files out while others are changed.
    #[error("a sparse checkout leaves out files, while `{file}` is not committed")]
    Sparse {
        /// A file that is changed.
        file: String,
    },
    /// A repository without a working tree has revisions only.
    #[error("this is a bare repository, which has no working tree")]
    Bare,
    /// A clone has a part of the history only, and no remote to get more from.
    #[error("this clone is shallow, and does not reach back to `{name}`")]
    Shallow {
        /// The revision that is looked for.
        name: String,
    },
    /// Nothing says what a tree is to be compared with.
    #[error("what to compare with cannot be told: {why}")]
    NoBase {
        /// Why.
        why: String,
    },
    /// Two revisions have no commit in common.
    #[error("`{name}` and what it is compared with have no commit in common")]
    Unrelated {
        /// The revision as it was asked for.
        name: String,
    },
    /// Git has not got what a revision is made of.
    #[error("the content of `{file}` at {commit} is missing: there is no object {id}")]
    Object {
        /// The file.
        file: String,
        /// The revision's commit.
        commit: String,
        /// The object.
        id: String,
    },
    /// A file or folder could not be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("{place}: {problem}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser said.
        problem: String,
    },
    /// A value cannot be used.
    #[error("{place}: {problem}")]
    Value {
        /// Where.
        place: Place,
        /// What is wrong with it, and what is allowed.
        problem: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A key that pymono does not know.
    #[error("{place}: there is no such key; known are {known}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// All known keys, for people.
        known: String,
        /// The known key that it resembles.
        similar: Option<&'static str>,
    },
    /// A folder that is a member by its workspace's patterns has no manifest.
    #[error("workspace member `{member}` has no `pyproject.toml`; {place} has `{pattern}`")]
    NoManifest {
        /// Where the pattern stands.
        place: Place,
        /// The folder.
        member: String,
        /// The pattern that matches it.
        pattern: String,
    },
    /// A workspace member has a manifest that names no project.
    #[error(
        "workspace member `{member}` has no `[project]` in its `pyproject.toml`; {place} has `{pattern}`"
    )]
    NoProject {
        /// Where the pattern stands.
        place: Place,
        /// The folder.
        member: String,
        /// The pattern that matches it.
        pattern: String,
    },
    /// A workspace member is a workspace itself.
    #[error("{place}: `{root}` is a workspace already, and workspaces cannot be nested")]
    Nested {
        /// Where the inner workspace is declared.
        place: Place,
        /// The folder of the outer one.
        root: String,
    },
    /// Two members of a workspace bear one name.
    #[error("`{first}` and `{second}` are both named `{name}`, in one workspace")]
    Names {
        /// The name.
        name: String,
        /// The folder of one.
        first: String,
        /// The folder of the other.
        second: String,
    },
    /// The chosen Python is not one that a manifest allows.
    #[error("{chosen_by} asks for Python {python}, but {limit} requires `{specifier}`")]
    Python {
        /// The chosen version.
        python: String,
        /// What chose it.
        chosen_by: Box<Place>,
        /// Whose `requires-python` refuses it.
        limit: Box<Place>,
        /// That `requires-python`.
        specifier: String,
    },
}

impl ScanError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ask { source, .. } => source.hint(),
            Self::Answer { stderr, .. } if stderr.contains("safe.directory") => Some(trust(stderr)),
            Self::Revision { name, shallow } => Some(revision_hint(name, *shallow)),
            Self::Sparse { .. } => Some(
                "commit it, name a revision (`--head HEAD`), or bring the files back: `git sparse-checkout disable`"
                    .into(),
            ),
            Self::Bare => Some("name a revision: `--head HEAD`".into()),
            Self::Shallow { .. } => Some(DEEPER.into()),
            Self::NoBase { .. } => Some("name a revision: `--base REF`".into()),
            Self::Unrelated { .. } => Some("name a revision of the same history".into()),
            Self::Object { .. } => Some(
                "the clone is damaged or not whole; `git fsck` says more, \
                 and `git fetch --refetch` gets everything anew"
                    .into(),
            ),
            Self::Value { hint, .. } => hint.clone(),
            Self::UnknownKey { similar, .. } => similar.map(|key| format!("did you mean `{key}`?")),
            Self::NoManifest { member, .. } => Some(format!(
                "add a `pyproject.toml` to `{member}`, or exclude it: `exclude = [\"{member}\"]` below `[tool.uv.workspace]`"
            )),
            Self::NoProject { member, .. } => Some(format!(
                "add `[project]` with a `name` to `{member}/pyproject.toml`, or exclude `{member}`"
            )),
            Self::Nested { place, .. } => {
                Some(format!("remove `[tool.uv.workspace]` from `{}`, or exclude it", place.file))
            }
            Self::Names { .. } => Some("rename one of them".into()),
            Self::Python { chosen_by, limit, .. } => {
                Some(format!("change `{}` or `{}`, so that they agree", chosen_by.file, limit.file))
            }
            Self::Syntax { place, .. } => Some(syntax_hint(place)),
            Self::Temporary(_) => Some("see that the disk of temporary files has room".into()),
            Self::Root(_) | Self::Interrupted | Self::Answer { .. } | Self::Read { .. } => None,
        }
    }
}

/// How each CI service is told to clone everything.
const DEEPER: &str = "clone more: `fetch-depth: 0` for `actions/checkout`, `GIT_DEPTH: \"0\"` in GitLab's `variables`, \
    `clone: { depth: full }` for Bitbucket; or `git fetch --unshallow`";

/// Returns what to do about a repository of another user: git itself says how to trust it.
fn trust(stderr: &str) -> String {
    let command = stderr.lines().map(str::trim).find(|line| line.starts_with("git config"));
    let command = command.unwrap_or("git config --global --add safe.directory DIR");
    format!("git refuses a repository of another user; `{command}` tells it to trust this one")
}

fn revision_hint(name: &str, shallow: bool) -> String {
    if shallow {
        format!(
            "this clone is shallow, so it may be beyond what was fetched: `git fetch origin {name}` \
             gets it, `git fetch --unshallow` gets everything"
        )
    } else {
        format!(
            "`git fetch origin {name}` gets it, if the remote has it; `git branch --all` shows what is here"
        )
    }
}

fn syntax_hint(Place { file, line, key }: &Place) -> String {
    match (key, line) {
        (Some(key), _) => format!("correct the value of `{key}` in `{file}`"),
        (None, Some(_)) => format!(
            "`{file}` is not TOML: look there, and on the line before, for a missing quote, bracket or `=`"
        ),
        (None, None) => format!("correct `{file}`"),
    }
}
