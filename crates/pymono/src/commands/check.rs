//! `pymono check`

use std::collections::BTreeMap;

use clap::Args;
use pymono_buildx::Docker;
use pymono_check::{Beside, Code, Facts, Finding, check};
use pymono_names::{ServiceName, TreePath};
use pymono_plan::{BuildPlan, Fleet, StaleLocks, plan};
use pymono_report::plural;
use pymono_scan::{Scan, Tree};
use pymono_workspace::{Budget, Workspace};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    changes::fleet_at,
    error::CommandError,
    load::{inspect, scan_whole},
    session::Session,
};

/// Say what is wrong or risky, without building anything
///
/// Each finding has a code that stays what it is. The exit code is 1 if
/// something is found that `--allow` does not name.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Say nothing of findings with CODE (can be repeated)
    #[arg(long = "allow", value_name = "CODE")]
    allowed: Vec<Code>,
    /// Say of images over their budget what is more than at the last commit in common with REF
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Findings<'a> {
    version: u32,
    findings: Vec<FindingRow<'a>>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct FindingRow<'a> {
    code: &'static str,
    path: &'a TreePath,
    line: Option<usize>,
    message: &'a str,
    hint: Option<&'a str>,
}

pub(crate) fn run(session: &mut Session, args: &CheckArgs) -> Result<(), CommandError> {
    let Scan { workspace, tree, .. } = scan_whole(session)?;
    let inspection = inspect(session, &workspace)?;
    let (fleet, unplanned) = pymono_plan::assemble(&workspace, StaleLocks::Refused);
    let after = plan(&fleet);
    let before = match &args.base {
        Some(base) => fleet_at(session, base)?.as_ref().map(plan),
        None => None,
    };
    let beside = beside(session, &workspace, &tree, &fleet, &after);
    let facts = Facts {
        workspace: &workspace,
        inspection: &inspection,
        fleet: &fleet,
        unplanned: &unplanned,
        plan: &after,
        before: before.as_ref(),
        beside: &beside,
    };
    let mut findings = check(facts);
    findings.retain(|finding| !args.allowed.contains(&finding.code));
    let text = if args.json { json(&findings) } else { lines(&findings) };
    session.shell.print(text)?;
    let projects = plural(workspace.projects.len(), "project");
    session.shell.status("Checked", projects)?;
    if findings.is_empty() { Ok(()) } else { Err(CommandError::found(findings.len())) }
}

/// Returns what images with a budget get beside distributions.
///
/// Only where there is a budget is the engine asked, and without one nothing is known of bases.
fn beside(
    session: &Session,
    workspace: &Workspace,
    tree: &Tree,
    fleet: &Fleet,
    plan: &BuildPlan,
) -> BTreeMap<ServiceName, Beside> {
    let docker = Docker::new(session.root.clone(), session.env.clone());
    let mut bases = BTreeMap::<&str, Option<(u64, usize)>>::new();
    let has_budget = |path: &TreePath| {
        let project = workspace.projects.get(path);
        project.is_some_and(|project| project.settings.budget != Budget::default())
    };
    let services = fleet.services.iter().filter(|(path, _)| has_budget(path));
    let each = services.map(|(_, service)| {
        let base = *bases.entry(&service.runtime_image).or_insert_with_key(|image| {
            let layers = docker.layers(image, &session.interrupt).ok()??;
            let bytes = layers.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
            Some((bytes, layers.len()))
        });
        let sources = plan.local_sources(&service.name).into_iter();
        let local = sources.map(|path| tree.size(path)).fold(0, u64::saturating_add);
        (service.name.clone(), Beside { local, base })
    });
    each.collect()
}

fn json(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|finding| FindingRow {
        code: finding.code.as_str(),
        path: &finding.path,
        line: finding.line,
        message: &finding.message,
        hint: finding.hint.as_deref(),
    });
    let findings = Findings { version: 1, findings: rows.collect() };
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    serde_json::to_string_pretty(&findings).unwrap_or_default()
}

/// Returns the findings as compilers write them, so that editors find the places.
fn lines(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|Finding { code, path, line, message, hint }| {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let hint = hint.as_ref().map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
        format!("{path}{line}: {code}: {message}{hint}\n")
    });
    lines.collect()
}
