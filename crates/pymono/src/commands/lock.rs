//! `pymono lock`

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use jiff::Timestamp;
use pymono_buildx::{BuildRequest, Docker, Export, Located, Place};
use pymono_lock::{BackendKey, BackendPin, ImageLock};
use pymono_names::TreePath;
use pymono_plan::{
    Fleet, FleetError, Foundations, LOCKED_SNAPSHOT, Resolvable, StaleLocks, assemble, unneeded,
};
use pymono_render::PINS_CONTEXT;
use pymono_report::plural;
use pymono_workspace::Workspace;

use super::build::{at_once, secrets::Given};
use crate::{error::CommandError, files::Changes, load::scan, session::Session};

/// Where what a resolution needs is kept.
const FOLDER: &str = ".pymono/state/lock";

/// Write `pymono.lock`: digests of base images, and pins of build backends
///
/// Images are asked for at their registries, and build requirements are resolved by the uv, the
/// Python and the indexes that builds have, in a build. What is locked stays, and what nothing
/// needs goes.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// Write nothing and ask nobody; fail if something is missing or not needed any more
    #[arg(long, conflicts_with = "upgrade")]
    check: bool,
    /// Lock what there is now in place of what is locked
    #[arg(long)]
    upgrade: bool,
    /// The builder that resolves build requirements
    #[arg(long, value_name = "NAME")]
    builder: Option<String>,
    /// A secret of the resolution, such as `id=netrc,src=.netrc` (can be repeated)
    #[arg(long = "secret", value_name = "SECRET")]
    secrets: Vec<String>,
}

pub(crate) fn run(session: &mut Session, args: &LockArgs) -> Result<(), CommandError> {
    let workspace = scan(session)?;
    let text = workspace.image_lock.as_deref();
    let known = text.map(ImageLock::parse).transpose().map_err(FleetError::Lock)?;
    let (fleet, whole) = fleet(session, &workspace)?;
    let needed = Foundations::of(&fleet);
    let has_snapshot = workspace.apt_snapshot.as_deref() == Some(LOCKED_SNAPSHOT);
    let known = known.unwrap_or_default();
    if args.check {
        let mut wrong = needed.missing(&known).names();
        if has_snapshot && known.apt_snapshot.is_none() {
            wrong.push("the state of Debian's archive".to_owned());
        }
        let wrong = wrong.into_iter().map(|what| format!("it lacks {what}"));
        // What services need that cannot be planned is not known.
        let idle = if whole { unneeded(&fleet, &known) } else { Vec::new() };
        let idle = idle.into_iter().map(|what| format!("nothing needs {what}"));
        return check(session, &wrong.chain(idle).collect::<Vec<_>>());
    }
    let mut lock = kept(&known, &needed, whole, args.upgrade);
    let missing = needed.missing(&lock);
    let docker = Docker::new(session.root.clone(), session.env.clone());
    lock.images.extend(images(session, &docker, &missing.images)?);
    let resolvable = fleet.resolvable(&missing.backends);
    if !resolvable.is_empty() {
        let uv = lock.pinned(&fleet.uv_image).unwrap_or_else(|| fleet.uv_image.clone());
        lock.backends.extend(backends(session, &docker, &lock, &resolvable, &uv, args)?);
    }
    lock.apt_snapshot = has_snapshot.then(|| {
        let kept = known.apt_snapshot.clone().filter(|_| !args.upgrade);
        kept.unwrap_or_else(|| Timestamp::now().strftime("%Y%m%dT000000Z").to_string())
    });
    session.go_on()?;
    write(session, &lock)
}

/// Returns the services as they are without a lock, and whether these are all.
fn fleet(session: &mut Session, workspace: &Workspace) -> Result<(Fleet, bool), CommandError> {
    // Where only the lock tells the snapshot, there need not be one yet.
    let unlocked = Workspace { image_lock: None, apt_snapshot: None, ..workspace.clone() };
    let (fleet, unplanned) = assemble(&unlocked, StaleLocks::Used);
    for unplanned in &unplanned {
        session.shell.warn(unplanned.error.chain())?;
    }
    Ok((fleet, unplanned.is_empty()))
}

/// Returns what stays of a lock: what is needed, and what is needed perhaps.
fn kept(known: &ImageLock, needed: &Foundations, whole: bool, upgrade: bool) -> ImageLock {
    let mut lock = known.clone();
    lock.images.retain(|it, _| if needed.images.contains_key(it) { !upgrade } else { !whole });
    lock.backends.retain(|it, _| if needed.backends.contains_key(it) { !upgrade } else { !whole });
    lock
}

fn check(session: &mut Session, wrong: &[String]) -> Result<(), CommandError> {
    if wrong.is_empty() {
        return Ok(session.shell.status("Fresh", ImageLock::PATH)?);
    }
    Err(CommandError::stale_lock(wrong))
}

/// Asks for the digests of images, several at a time.
fn images(
    session: &mut Session,
    docker: &Docker,
    missing: &BTreeMap<String, BTreeSet<TreePath>>,
) -> Result<BTreeMap<String, String>, CommandError> {
    let interrupt = &session.interrupt;
    let references: Vec<&String> = missing.keys().collect();
    let located =
        at_once(&references, |reference| Some((*reference, docker.locate(reference, interrupt))));
    session.go_on()?;
    let mut digests = BTreeMap::new();
    for (reference, located) in located {
        let Located { digest, place } = located?;
        if let Place::Store(words) = place {
            session.shell.warn(format_args!(
                "`{reference}` is locked as it is in the store of this engine, since its registry does not tell: {words}"
            ))?;
        }
        session.shell.status("Locked", format_args!("{reference} at {digest}"))?;
        digests.insert(reference.clone(), digest);
    }
    Ok(digests)
}

/// Resolves build requirements.
fn backends(
    session: &mut Session,
    docker: &Docker,
    lock: &ImageLock,
    missing: &[Resolvable],
    uv_image: &str,
    args: &LockArgs,
) -> Result<BTreeMap<BackendKey, Vec<BackendPin>>, CommandError> {
    docker.check(&session.interrupt)?;
    let lists = plural(missing.len(), "list");
    session.shell.status("Resolving", format_args!("{lists} of build requirements"))?;
    let pinned = |resolvable: &Resolvable| {
        let base = &resolvable.base_image;
        Resolvable {
            base_image: lock.pinned(base).unwrap_or_else(|| base.clone()),
            ..resolvable.clone()
        }
    };
    let pinned: Vec<Resolvable> = missing.iter().map(pinned).collect();
    let preferred = lock.backends.values().flatten().map(|pin| pin.requirement.clone()).collect();
    let resolve = pymono_render::resolve(&pinned, uv_image, &preferred);
    let folder = Utf8Path::new(FOLDER);
    let pins = folder.join("pins");
    let files = resolve.files.iter().map(|(name, text)| (pins.join(name), text.clone()));
    let files = files.chain([
        (folder.join("Dockerfile"), resolve.dockerfile.clone()),
        (folder.join("Dockerfile.dockerignore"), resolve.ignore.clone()),
        (Utf8PathBuf::from(".pymono/state/.gitignore"), "*\n".to_owned()),
    ]);
    Changes::between(&session.root, files.collect(), std::slice::from_ref(&pins))?.apply()?;
    let secrets = pinned.iter().flat_map(|resolvable| resolvable.secrets.clone()).collect();
    let request = BuildRequest {
        dockerfile: folder.join("Dockerfile"),
        context: ".".into(),
        build_contexts: [(PINS_CONTEXT.to_owned(), pins.to_string())].into(),
        exports: vec![Export::To(format!("type=local,dest={folder}/out"))],
        builder: args.builder.clone(),
        secrets: Given::new(&session.env).secrets(secrets, &args.secrets),
        // What an index has is another thing tomorrow.
        no_cache_of: resolve.stages.clone(),
        ..BuildRequest::default()
    };
    let made = docker.make(&request, &session.interrupt);
    session.go_on()?;
    made?;
    let mut found = BTreeMap::new();
    for (resolvable, stage) in pinned.iter().zip(&resolve.stages) {
        let path = session.root.join(folder).join("out").join(format!("{stage}.txt"));
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| CommandError::unreadable(path, source))?;
        let pins = BackendPin::resolved(&text).map_err(CommandError::resolution)?;
        let requires = resolvable.key.requires.join(", ");
        let count = plural(pins.len(), "distribution");
        session.shell.status("Locked", format_args!("{requires} as {count}"))?;
        found.insert(resolvable.key.clone(), pins);
    }
    Ok(found)
}

fn write(session: &mut Session, lock: &ImageLock) -> Result<(), CommandError> {
    let path = Utf8PathBuf::from(ImageLock::PATH);
    let changes = Changes::between(&session.root, [(path, lock.text())].into(), &[])?;
    changes.apply()?;
    let verb = if changes.is_empty() { "Fresh" } else { "Wrote" };
    Ok(session.shell.status(verb, ImageLock::PATH)?)
}
