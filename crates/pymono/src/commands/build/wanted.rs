//! Which services are to be built.

use std::collections::BTreeSet;

use pymono_names::{ServiceName, TreePath};
use pymono_plan::FleetError;

use super::args::BuildArgs;
use crate::{
    changes::{Changes, OnUnknown, since},
    commands::affected::reason,
    error::CommandError,
    load::Loaded,
    reckon::Extent,
    session::Session,
};

/// The services that the command line asks for, whether or not they can be built.
pub(super) enum Wanted {
    /// Every one.
    All,
    /// Those that are named.
    Named,
    /// Those that are affected by what changed.
    Changed(BTreeSet<TreePath>),
}

impl Wanted {
    /// Finds out which services are wanted; those that changed are told, with a reason each.
    ///
    /// With them comes what was compared, where something was.
    pub(super) fn of(
        session: &mut Session,
        args: &BuildArgs,
    ) -> Result<(Self, Option<Changes>), CommandError> {
        let Some(base) = &args.changed else {
            let wanted = if args.all { Self::All } else { Self::Named };
            return Ok((wanted, for_summary(session, args)?));
        };
        // A summary tells sizes by fingerprints, which are of all inputs.
        let extent = if args.summary.is_wanted() { Extent::Whole } else { Extent::Differing };
        let changes = since(session, base, args.on_unknown, extent)?;
        tell(session, &changes)?;
        let wanted = Self::Changed(changes.comparison.services.keys().cloned().collect());
        Ok((wanted, Some(changes)))
    }

    /// Returns the services to build, by the names of their targets.
    pub(super) fn services(
        &self,
        loaded: &mut Loaded,
        folder: &TreePath,
        args: &BuildArgs,
    ) -> Result<BTreeSet<ServiceName>, CommandError> {
        if let Self::Named = self {
            let named = args.services.iter().map(|text| loaded.services(folder, text));
            return Ok(named.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
        }
        let is_wanted = |path: &TreePath| match self {
            Self::Changed(paths) => paths.contains(path),
            Self::All | Self::Named => true,
        };
        let generated = loaded.fleet.services.iter().filter(|(path, _)| is_wanted(path));
        let generated = generated.map(|(_, service)| &service.name);
        // What these are built from comes along with them.
        let handwritten = loaded.fleet.handwritten.iter();
        let handwritten = handwritten.filter(|(_, it)| !it.is_ground && is_wanted(&it.path));
        Ok(generated.chain(handwritten.map(|(name, _)| name)).cloned().collect())
    }

    /// Returns the errors that keep some of the services from being built; a named one has its own.
    pub(super) fn unplanned<'a>(
        &'a self,
        loaded: &'a Loaded,
    ) -> impl Iterator<Item = &'a FleetError> {
        let wanted = loaded.unplanned.iter().filter(|unplanned| match self {
            Self::All => true,
            Self::Named => false,
            Self::Changed(paths) => unplanned.services.iter().any(|path| paths.contains(path)),
        });
        wanted.map(|unplanned| &unplanned.error)
    }
}

/// Compares with the base that the summary is to tell of; without one it tells less.
fn for_summary(session: &mut Session, args: &BuildArgs) -> Result<Option<Changes>, CommandError> {
    let Some(base) = args.base.as_deref().filter(|_| args.summary.is_wanted()) else {
        return Ok(None);
    };
    match since(session, base, OnUnknown::Error, Extent::Whole) {
        Ok(changes) => Ok(Some(changes)),
        // Nothing is built or left out by it, so a base that cannot be read keeps nobody from anything.
        Err(CommandError { error: Some(error), .. }) => {
            let causes = std::iter::successors(error.source(), |it| it.source());
            let causes: String = causes.map(|cause| format!(": {cause}")).collect();
            session.shell.warn(format!("the summary compares with nothing: {error}{causes}"))?;
            Ok(None)
        }
        Err(silent) => Err(silent),
    }
}

/// Says of each affected service why it is.
fn tell(session: &mut Session, changes: &Changes) -> Result<(), CommandError> {
    for (path, reasons) in &changes.comparison.services {
        let Some(first) = reasons.first() else { continue };
        let more = match reasons.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        session.shell.status("Affected", format!("{path}: {}{more}", reason(first)))?;
    }
    Ok(())
}
