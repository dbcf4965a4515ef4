//! `pymono graph`

use clap::{Args, ValueEnum};
use pymono_render::{Graph, GraphFormat};

use crate::{
    error::CommandError,
    load::{LockArgs, Overrides, load, scan},
    session::Session,
};

/// Show which project needs which, or how images stand on stages
///
/// Services stand first, then what they need. The drawing (`--format svg`) can
/// be opened in a browser; `mermaid` is for Markdown.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Show the stages of the Dockerfile and the images made of them
    #[arg(long)]
    stages: bool,
    /// The form of the graph
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    locks: LockArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A tree
    Text,
    /// The language of Graphviz
    Dot,
    /// A Mermaid flowchart
    Mermaid,
    /// A drawing
    Svg,
    /// JSON
    Json,
}

pub(crate) fn run(session: &mut Session, args: &GraphArgs) -> Result<(), CommandError> {
    let graph = if args.stages {
        let mut loaded =
            load(session, &Overrides { locks: args.locks.clone(), ..Overrides::default() })?;
        loaded.whole()?;
        Graph::of_stages(&loaded.plan)
    } else {
        Graph::of_projects(&scan(session)?)
    };
    let format = match args.format {
        Format::Text => GraphFormat::Text,
        Format::Dot => GraphFormat::Dot,
        Format::Mermaid => GraphFormat::Mermaid,
        Format::Svg => GraphFormat::Svg,
        Format::Json => GraphFormat::Json,
    };
    Ok(session.shell.print(graph.render(format))?)
}
