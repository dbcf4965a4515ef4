//! Which paths of its contexts a stage can see.

use std::{collections::BTreeSet, iter};

use super::{Origin, Stage};

/// A context of a build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// The one that the build is given.
    Main,
    /// One with a name, or an image: `COPY --from=NAME`.
    Named(String),
}

/// A path that a build takes from a context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The context that it is in.
    pub context: Context,
    /// The path there as written, with variables replaced; it may be a pattern.
    pub source: String,
    /// The line that takes it.
    pub line: usize,
}

impl Stage {
    /// Returns the earlier stages that this one takes something from, its base included.
    pub fn needs(&self) -> BTreeSet<usize> {
        let copied = self.transfers.iter().map(|it| &it.origin);
        let mounted = self.runs.iter().flat_map(|it| &it.mounts).map(|it| &it.origin);
        let stage = |origin: &Origin| match origin {
            Origin::Stage(at) => Some(*at),
            _ => None,
        };
        copied.chain(mounted).filter_map(stage).chain(self.base.stage).collect()
    }

    /// Returns what this stage itself takes from contexts.
    pub fn own_reach(&self) -> Vec<Reach> {
        let context = |origin: &Origin| match origin {
            Origin::Context => Some(Context::Main),
            Origin::Named(name) => Some(Context::Named(name.clone())),
            Origin::Stage(_) => None,
        };
        let copied = self
            .transfers
            .iter()
            .flat_map(|it| it.sources.iter().map(|source| (&it.origin, source, it.line)));
        let mounts = self.runs.iter().flat_map(|it| &it.mounts);
        let mounted = mounts.map(|it| (&it.origin, &it.source, it.line));
        let reach = |(origin, source, line): (&Origin, &String, usize)| {
            Some(Reach { context: context(origin)?, source: source.clone(), line })
        };
        copied.chain(mounted).filter_map(reach).collect()
    }
}

impl Stage {
    /// Returns the places of the stages that `target` is built from, itself included.
    pub fn closure(stages: &[Self], target: usize) -> BTreeSet<usize> {
        let mut closure = BTreeSet::from([target]);
        let mut open = vec![target];
        while let Some(stage) = open.pop().and_then(|at| stages.get(at)) {
            open.extend(stage.needs().into_iter().filter(|at| closure.insert(*at)));
        }
        closure
    }

    /// Returns the places of the stages that `target` stands on, from the ground up, itself last.
    pub fn chain(stages: &[Self], target: usize) -> Vec<usize> {
        let below = |at: &usize| stages.get(*at)?.base.stage;
        let mut chain: Vec<usize> = iter::successors(Some(target), below).collect();
        chain.reverse();
        chain
    }
}
