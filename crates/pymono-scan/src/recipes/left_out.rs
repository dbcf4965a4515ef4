//! What builds are not sent of the files that their Dockerfiles name, because of ignore files.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_workspace::{DockerfileBuild, NamedContext};

use crate::{ignore::ContextRules, tree::Tree};

/// A folder that a build, or one that it stands on, takes files from.
struct Context<'a> {
    folder: &'a TreePath,
    /// What of it is not sent; nothing where all may be.
    rules: Option<ContextRules>,
}

/// Returns those of `sources`, and the files in them, that no context of a build is sent. Where that is not
/// certain they are not among them.
pub(super) fn left_out(
    tree: &Tree,
    build: &DockerfileBuild,
    sources: &BTreeSet<TreePath>,
) -> BTreeSet<TreePath> {
    let mut contexts = Vec::new();
    add_contexts(tree, build, &mut contexts);
    if contexts.iter().all(|context| context.rules.is_none()) {
        return BTreeSet::new();
    }
    let named = sources.iter().flat_map(|source| [source].into_iter().chain(tree.below(source)));
    let in_context = |file: &&TreePath| contexts.iter().any(|it| file.is_in(it.folder));
    let mut files: BTreeSet<&TreePath> = named.filter(in_context).collect();
    for Context { folder, rules } in &contexts {
        let mut sieve = rules.as_ref().map(ContextRules::sieve);
        files.retain(|file| {
            let Some(path) = file.relative_to(folder) else { return true };
            // The context itself is always there.
            path != "." && sieve.as_mut().is_some_and(|sieve| sieve.leaves_out(path))
        });
    }
    // A folder that a line names may have files that a later one takes in.
    let whole = |path: &&&TreePath| tree.below(path).all(|file| files.contains(file));
    files.iter().filter(whole).map(|path| (*path).clone()).collect()
}

fn add_contexts<'a>(tree: &Tree, build: &'a DockerfileBuild, found: &mut Vec<Context<'a>>) {
    let text = build.ignore.as_ref().and_then(|file| tree.read(file).ok());
    let rules = text.and_then(|text| ContextRules::parse(&text));
    found.push(Context { folder: &build.context, rules });
    for context in build.contexts.values() {
        match context {
            NamedContext::Folder(folder) => found.push(Context { folder, rules: None }),
            NamedContext::Build(_, below) => add_contexts(tree, below, found),
            NamedContext::Image(_) => {}
        }
    }
}
