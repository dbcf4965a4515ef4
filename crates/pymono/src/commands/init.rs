//! `pymono init`

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use clap::Args;
use pymono_names::TreePath;
use pymono_report::plural;
use pymono_scan::{Proposal, Proposals, ProposedFile, Unplaced, propose};
use pymono_workspace::Project;
use similar::TextDiff;

use crate::{error::CommandError, files::Changes, load::scan_whole, session::Session};

/// Find the services, and write the configuration that says what was found
///
/// Each service's settings go into its own `pyproject.toml`, those of a repository
/// with one project into the file that configures it. What is there stays, and so
/// does its format; a second run changes nothing. A hand-written Dockerfile stays
/// how its image is built; what it says is offered in comments.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Write nothing; print what would change, as a diff
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(session: &mut Session, args: &InitArgs) -> Result<(), CommandError> {
    let scan = scan_whole(session)?;
    let proposals = propose(&scan)?;
    for proposal in &proposals.services {
        if let Some(service) = scan.workspace.projects.get(&proposal.service) {
            session.shell.status("Found", found(service, proposal))?;
        }
    }
    if args.dry_run {
        return Ok(session.shell.print(diff(&proposals))?);
    }
    let texts = proposals.files.iter();
    let texts: BTreeMap<Utf8PathBuf, String> =
        texts.map(|(path, file)| (path.as_str().into(), file.after.clone())).collect();
    let changes = Changes::between(&session.root, texts, &[])?;
    changes.apply()?;
    for path in changes.written() {
        session.shell.status("Wrote", path)?;
    }
    if changes.is_empty() {
        let services = plural(proposals.services.len(), "service");
        session
            .shell
            .status("Unchanged", format_args!("the configuration says all of {services}"))?;
    }
    Ok(())
}

/// Returns what was found, why, and where it is said.
fn found(service: &Project, proposal: &Proposal) -> String {
    let Project { name, path, why, manifest, .. } = service;
    let place = match &proposal.file {
        Ok(file) if proposal.keys.is_empty() => format!("configured in `{file}`"),
        Ok(file) => format!("{} for `{file}`", keys(&proposal.keys)),
        Err(Unplaced::Unread) => {
            format!("not configured: no settings are read beside `{manifest}`")
        }
        Err(Unplaced::Shared) => {
            "not configured: what the root says would hold for other services too".to_owned()
        }
        Err(Unplaced::Closed) => {
            format!("not configured: `{manifest}` has all of `tool` on one line")
        }
    };
    format!("{name} in `{path}`: {}; {place}", why.join(", "))
}

fn keys(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// Returns what would change, as `git apply` takes it.
fn diff(proposals: &Proposals) -> String {
    proposals.files.iter().map(|(path, file)| file_diff(path, file)).collect()
}

fn file_diff(path: &TreePath, file: &ProposedFile) -> String {
    let before = file.before.as_ref().map_or("/dev/null".to_owned(), |_| format!("a/{path}"));
    let diff = TextDiff::from_lines(file.before.as_deref().unwrap_or_default(), &file.after);
    diff.unified_diff().header(&before, &format!("b/{path}")).to_string()
}
