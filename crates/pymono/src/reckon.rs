//! From a tree to the inputs of its services.

use std::collections::{BTreeMap, BTreeSet};

use pymono_exec::both;
use pymono_fingerprint::{Comparison, Inputs, Made, State, beyond, compare, sent};
use pymono_names::TreePath;
use pymono_plan::{Fleet, StaleLocks, Unplanned};
use pymono_scan::{Head, Pair, Scan, ScanError, ScanOptions};
use pymono_workspace::{Contents, Kind, Workspace};

/// A tree, and what the images of its services are made of.
#[derive(Debug)]
pub(crate) struct Reckoned {
    /// What was found.
    pub(crate) scan: Scan,
    /// The services, closed over their locks.
    pub(crate) fleet: Fleet,
    /// The services that could not be.
    pub(crate) unplanned: Vec<Unplanned>,
    /// What its files hold.
    pub(crate) contents: Contents,
    /// The inputs of every service.
    pub(crate) inputs: BTreeMap<TreePath, Inputs>,
}

/// How much is read of what two trees hold alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All: inputs are complete.
    Whole,
    /// What a comparison needs: inputs may lack what both trees have.
    Differing,
}

impl Reckoned {
    /// Reads a tree and all that its services are made of.
    ///
    /// Locks are used as they are: one that is stale pins what it pins.
    pub(crate) fn of(options: &ScanOptions) -> Result<Self, ScanError> {
        Planned::of(pymono_scan::scan(options)?).whole(options)
    }

    /// Reads a tree and the commit that it is compared with.
    pub(crate) fn both(
        commit: &str,
        head: &ScanOptions,
        extent: Extent,
    ) -> (Result<Self, ScanError>, Result<Self, ScanError>) {
        let options = ScanOptions { head: Head::Revision(commit.to_owned()), ..head.clone() };
        let Pair { base, head: after, differing } = pymono_scan::pair(commit, head);
        let (base, after) = both(|| base.map(Planned::of), || after.map(Planned::of));
        match (base, after, differing.filter(|_| extent == Extent::Differing)) {
            (Ok(base), Ok(after), Some(mut paths)) => {
                paths.extend(beyond(base.made(), after.made()));
                both(|| base.reckoned(&options, &paths), || after.reckoned(head, &paths))
            }
            (base, after, _) => both(
                || base.and_then(|base| base.whole(&options)),
                || after.and_then(|after| after.whole(head)),
            ),
        }
    }

    /// Returns what differs from `base`; all is new where there is none.
    pub(crate) fn since(&self, base: Option<&Self>) -> Comparison {
        let (workspace, inputs) = (&Workspace::default(), &BTreeMap::new());
        compare(base.map_or(State { workspace, inputs }, Self::state), self.state())
    }

    fn state(&self) -> State<'_> {
        State { workspace: &self.scan.workspace, inputs: &self.inputs }
    }
}

/// A tree of which the services are known, and nothing of what their files hold.
struct Planned {
    scan: Scan,
    fleet: Fleet,
    unplanned: Vec<Unplanned>,
}

impl Planned {
    fn of(scan: Scan) -> Self {
        let (fleet, unplanned) = pymono_plan::assemble(&scan.workspace, StaleLocks::Used);
        Self { scan, fleet, unplanned }
    }

    fn made(&self) -> Made<'_> {
        Made { workspace: &self.scan.workspace, fleet: &self.fleet }
    }

    /// Reads all that the services are made of.
    fn whole(self, options: &ScanOptions) -> Result<Reckoned, ScanError> {
        let paths = sent(&self.scan.workspace, &self.fleet);
        self.reckoned(options, &paths)
    }

    /// Reads what some paths hold.
    fn reckoned(
        self,
        options: &ScanOptions,
        paths: &BTreeSet<TreePath>,
    ) -> Result<Reckoned, ScanError> {
        let Self { scan, fleet, unplanned } = self;
        let contents = pymono_scan::contents(options, &scan.tree, &scan.workspace, paths)?;
        let services = scan.workspace.projects.values().filter(|it| it.kind == Kind::Service);
        let inputs = services.map(|project| {
            let (workspace, path) = (&scan.workspace, &project.path);
            let inputs = Inputs::of(&fleet, path, &contents)
                .or_else(|| Inputs::of_handwritten(workspace, &fleet, path, &contents))
                .unwrap_or_else(|| Inputs::roughly(workspace, project, &contents));
            (project.path.clone(), inputs)
        });
        let inputs = inputs.collect();
        Ok(Reckoned { scan, fleet, unplanned, contents, inputs })
    }
}
