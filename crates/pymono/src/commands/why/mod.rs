//! `pymono why`

mod json;
mod text;

use std::collections::BTreeSet;

use clap::Args;
use pymono_fingerprint::{Inputs, Laid, LayerChange, Piece, Reason, layers};
use pymono_names::TreePath;

use crate::{
    changes::{BaseArgs, Changes},
    error::CommandError,
    load::{find_project, warn_all},
    reckon::{Extent, Reckoned},
    session::Session,
};

pub(super) use json::WhyJson;

/// Show what the image of a service is made of, and what changed since a base
///
/// All inputs of its fingerprint are listed. With `--base`, those that differ
/// are marked and explained, and so are the layers that are made anew.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The service, by name or path
    #[arg(value_name = "SERVICE")]
    service: String,
    #[command(flatten)]
    base: BaseArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is told of a service.
struct Told<'a> {
    name: String,
    path: TreePath,
    inputs: &'a Inputs,
    since: Option<Since<'a>>,
}

/// What changed in it since a base.
struct Since<'a> {
    base: Option<&'a str>,
    changed: BTreeSet<&'a Piece>,
    reasons: BTreeSet<Reason>,
    layers: Vec<LayerChange>,
}

pub(crate) fn run(session: &mut Session, args: &WhyArgs) -> Result<(), CommandError> {
    let Some(base) = &args.base.base else {
        let head = Reckoned::of(&args.base.head(session)?)?;
        warn_all(session, &head)?;
        let told = told(session, &head, &args.service)?;
        return print(session, args, &told);
    };
    let changes = args.base.changes(session, base, Extent::Whole)?;
    let mut told = told(session, &changes.head, &args.service)?;
    told.since = Some(since(&changes, &told));
    print(session, args, &told)
}

fn print(session: &mut Session, args: &WhyArgs, told: &Told<'_>) -> Result<(), CommandError> {
    let output = if args.json { json::json(told) } else { text::text(told) };
    Ok(session.shell.print(output)?)
}

fn told<'a>(session: &Session, head: &'a Reckoned, text: &str) -> Result<Told<'a>, CommandError> {
    let project = find_project(&head.scan.workspace, &session.folder, text)?;
    let inputs = head.inputs.get(&project.path).ok_or_else(|| CommandError::no_service(project))?;
    let (name, path) = (project.name.to_string(), project.path.clone());
    Ok(Told { name, path, inputs, since: None })
}

fn since<'a>(changes: &'a Changes, told: &Told<'a>) -> Since<'a> {
    let path = &told.path;
    let before = changes.before.as_ref().and_then(|before| before.inputs.get(path));
    let known = before.map(Inputs::pieces);
    let after = told.inputs.pieces();
    let differs = |piece: &&Piece| known.and_then(|it| it.get(*piece)) != after.get(*piece);
    Since {
        base: changes.base.as_deref(),
        changed: known
            .into_iter()
            .flatten()
            .chain(after)
            .map(|(it, _)| it)
            .filter(differs)
            .collect(),
        reasons: changes.comparison.services.get(path).cloned().unwrap_or_default(),
        layers: changes.before.as_ref().map_or_else(Vec::new, |before| {
            let (base, head) =
                (pymono_plan::plan(&before.fleet), pymono_plan::plan(&changes.head.fleet));
            let base = Laid { plan: &base, contents: &before.contents };
            let laid = Laid { plan: &head, contents: &changes.head.contents };
            let service = changes.head.fleet.services.get(path);
            service.map_or_else(Vec::new, |service| layers(base, laid, &service.name))
        }),
    }
}
