//! From what of a web is needed to a closure.

use std::collections::BTreeSet;

use pymono_names::Target;

use super::{
    Entry, EntryIx, Web,
    walk::{Reach, Reached, Visit, walk},
};
use crate::{
    Closure, ClosureError,
    draft::{Draft, Place},
    file::Distribution,
    marker::Scene,
    source::Source,
};

impl Web {
    /// Returns all that the project needs, found by walking its dependencies.
    pub(crate) fn close(&self, scene: &Scene, target: Target) -> Result<Closure, ClosureError> {
        self.closure(&walk(self, scene, Visit::Everything)?, target)
    }

    /// Returns the closure of entries that the lock itself says are needed.
    ///
    /// Local packages are walked all the same, to learn which needs which.
    pub(crate) fn close_over(
        &self,
        needed: impl IntoIterator<Item = EntryIx>,
        scene: &Scene,
        target: Target,
    ) -> Result<Closure, ClosureError> {
        let mut walked = walk(self, scene, Visit::Locals)?;
        let mut reached: Reached = needed
            .into_iter()
            .chain([super::PROJECT])
            .map(|entry| (entry, walked.remove(&entry).unwrap_or_default()))
            .collect();
        let all: BTreeSet<_> = reached.keys().copied().collect();
        for reach in reached.values_mut() {
            reach.needs.retain(|need| all.contains(need));
        }
        self.closure(&reached, target)
    }

    fn closure(&self, reached: &Reached, target: Target) -> Result<Closure, ClosureError> {
        let mut draft = Draft::new(target);
        for (&ix, reach) in reached {
            let Entry { name, version, source, files, line, .. } = &self.entries[ix];
            match source {
                Source::ThirdParty(source) => {
                    let version = version.as_ref();
                    let distribution = Distribution { name, version, source, files };
                    draft.pin(&distribution, Place::Line(line.unwrap_or_default()))?;
                }
                Source::Local { path, kind } => {
                    let local = draft.local(name, path, *kind);
                    local.extras.extend(reach.extras.iter().cloned());
                    local.needs.extend(self.locals_of(reach).filter(|need| need != path));
                }
            }
        }
        draft.finish()
    }

    fn locals_of(&self, reach: &Reach) -> impl Iterator<Item = String> {
        let paths = reach.needs.iter().filter_map(|&need| self.entries[need].source.local_path());
        paths.map(str::to_owned)
    }
}
