//! Which path of the tree a path in an image was copied from.

use std::cell::Cell;

use pymono_names::TreePath;

use super::Surroundings;
use crate::{Origin, Stage, Transfer};

/// How many copies are looked at before a path counts as not found.
const STEPS: usize = 2000;

/// Finds what was copied into the stages of one build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locator<'a> {
    pub(crate) stages: &'a [Stage],
    pub(crate) context: &'a TreePath,
    pub(crate) surroundings: &'a Surroundings<'a>,
}

impl Locator<'_> {
    /// Returns the path of the tree that is `path` in the image of a stage, if it is one.
    pub(crate) fn locate(&self, stage: usize, path: &str) -> Option<TreePath> {
        self.locate_at(stage, path.trim_end_matches('/'), &Cell::new(STEPS))
    }

    fn locate_at(&self, stage: usize, path: &str, steps: &Cell<usize>) -> Option<TreePath> {
        let chain = Stage::chain(self.stages, stage).into_iter().rev();
        let mut transfers =
            chain.filter_map(|at| self.stages.get(at)).flat_map(|it| it.transfers.iter().rev());
        transfers.find_map(|transfer| self.through(transfer, path, steps))
    }

    fn through(&self, transfer: &Transfer, path: &str, steps: &Cell<usize>) -> Option<TreePath> {
        steps.set(steps.get().checked_sub(1)?);
        let destination = transfer.destination.trim_end_matches('/');
        let rest =
            path.strip_prefix(destination).filter(|it| it.is_empty() || it.starts_with('/'))?;
        let rest = rest.trim_start_matches('/');
        transfer.sources.iter().find_map(|source| match transfer.origin {
            Origin::Context => self.in_context(source, rest),
            Origin::Stage(stage) => {
                let source = source.trim_end_matches('/');
                let folder = format!("/{}/{rest}", source.trim_start_matches('/'));
                let found = self.locate_at(stage, folder.trim_end_matches('/'), steps);
                // A single file keeps its name in a folder.
                let file = || {
                    (source.rsplit('/').next() == Some(rest))
                        .then(|| self.locate_at(stage, source, steps))
                };
                found.or_else(|| file().flatten())
            }
            Origin::Named(_) => None,
        })
    }

    fn in_context(&self, source: &str, rest: &str) -> Option<TreePath> {
        let tree = self.surroundings;
        tree.matching(self.context, source).into_iter().find_map(|found| {
            if tree.is_file(&found) {
                return (rest.is_empty() || found.file_name() == Some(rest)).then_some(found);
            }
            found.join(rest).ok().filter(|it| tree.exists(it))
        })
    }
}
