//! From a tree to the inputs of its services.

use std::{collections::BTreeMap, thread};

use pymono_fingerprint::{Comparison, Inputs, State, compare, sent};
use pymono_names::TreePath;
use pymono_plan::{Fleet, StaleLocks, Unplanned};
use pymono_scan::{Scan, ScanError, ScanOptions};
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

impl Reckoned {
    /// Reads a tree and all that its services are made of.
    ///
    /// Locks are used as they are: one that is stale pins what it pins.
    pub(crate) fn of(options: &ScanOptions) -> Result<Self, ScanError> {
        let scan = pymono_scan::scan(options)?;
        let (fleet, unplanned) = pymono_plan::assemble(&scan.workspace, StaleLocks::Used);
        let paths = sent(&scan.workspace, &fleet);
        let contents = pymono_scan::contents(options, &scan.tree, &scan.workspace, &paths)?;
        let services = scan.workspace.projects.values().filter(|it| it.kind == Kind::Service);
        let inputs = services.map(|project| {
            let (workspace, path) = (&scan.workspace, &project.path);
            let inputs = Inputs::of(&fleet, path, &contents)
                .or_else(|| Inputs::of_handwritten(workspace, &fleet, path, &contents))
                .unwrap_or_else(|| Inputs::roughly(workspace, project, &contents));
            (project.path.clone(), inputs)
        });
        let inputs = inputs.collect();
        Ok(Self { scan, fleet, unplanned, contents, inputs })
    }

    /// Reads two trees at once.
    pub(crate) fn both(
        base: &ScanOptions,
        head: &ScanOptions,
    ) -> (Result<Self, ScanError>, Result<Self, ScanError>) {
        thread::scope(|scope| {
            let base = scope.spawn(|| Self::of(base));
            let head = Self::of(head);
            (base.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), head)
        })
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
