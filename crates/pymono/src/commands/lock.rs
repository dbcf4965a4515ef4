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
    Fleet, FleetError, Foundations, LOCKED_SNAPSHOT, StaleLocks, assemble, unneeded,
};
use pymono_render::{PINS_CONTEXT, Resolve};
use pymono_report::plural;
use pymono_workspace::{Secret, Workspace};

use super::build::{at_once, secrets::Given};
use crate::{error::CommandError, files::Changes, load::scan, session::Session};

/// Where what a resolution needs is kept.
const FOLDER: &str = ".pymono/state/lock";

/// Write `pymono.lock`: digests of base images, and pins of build backends
///
/// Images are asked for at their registries, and build requirements are resolved by the uv, the
/// Python and the indexes that builds have, in a build. What distributions without a wheel require
/// to be built is known once they were. What is locked stays, and what nothing needs goes.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// Write nothing and ask nobody; fail if something is missing or not needed any more
    #[arg(long, conflicts_with = "upgrade")]
    check: bool,
    /// Lock what there is now in place of what is locked
    #[arg(long)]
    upgrade: bool,
    /// The builder that resolves build requirements, and builds distributions that have no wheel
    #[arg(long, value_name = "NAME")]
    builder: Option<String>,
    /// A secret of what is built for that, such as `id=netrc,src=.netrc` (can be repeated)
    #[arg(long = "secret", value_name = "SECRET")]
    secrets: Vec<String>,
    /// An SSH agent or key, such as `default`, for distributions from git (can be repeated)
    #[arg(long, value_name = "SSH")]
    ssh: Vec<String>,
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
    lock.apt_snapshot = has_snapshot.then(|| {
        let kept = known.apt_snapshot.clone().filter(|_| !args.upgrade);
        kept.unwrap_or_else(|| Timestamp::now().strftime("%Y%m%dT000000Z").to_string())
    });
    if !missing.backends.is_empty() {
        docker.check(&session.interrupt)?;
        // On the images that builds will stand on.
        let pinned = Workspace { image_lock: Some(lock.text()), ..workspace.clone() };
        let (fleet, _) = assemble(&pinned, StaleLocks::Used);
        lock.backends.extend(backends(session, &docker, &fleet, &missing.backends, args)?);
        lock.backends.extend(sources(session, &docker, &fleet, &missing.backends, args)?);
        lock.untold =
            missing.backends.into_keys().filter(|key| key.from_source && !lock.has(key)).collect();
        for key in &lock.untold {
            session.shell.warn(format_args!(
                "what the build of `{}` requires cannot be told here, and stays as it is on the day of a build",
                key.requires.join(", ")
            ))?;
        }
    }
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
    // What could not be told may be told by now.
    let mut lock = ImageLock { untold: BTreeSet::new(), ..known.clone() };
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

/// Build requirements that a lock has not yet, each with the services that need it.
type Wanted = BTreeMap<BackendKey, BTreeSet<TreePath>>;

/// What build requirements come down to.
type Found = BTreeMap<BackendKey, Vec<BackendPin>>;

/// Resolves build requirements of local packages.
fn backends(
    session: &mut Session,
    docker: &Docker,
    fleet: &Fleet,
    wanted: &Wanted,
    args: &LockArgs,
) -> Result<Found, CommandError> {
    let resolvable = fleet.resolvable(wanted);
    if resolvable.is_empty() {
        return Ok(Found::new());
    }
    let lists = plural(resolvable.len(), "list");
    session.shell.status("Resolving", format_args!("{lists} of build requirements"))?;
    let locked = fleet.lock.iter().flat_map(|lock| lock.backends.values().flatten());
    let preferred = locked.map(|pin| pin.requirement.clone()).collect();
    let resolve = pymono_render::resolve(&resolvable, &fleet.uv_image, &preferred);
    let secrets = resolvable.iter().flat_map(|it| it.secrets.clone()).collect();
    let stages = resolve.stages.clone();
    let keys: Vec<_> = resolvable.iter().map(|it| &it.key).zip(&stages).collect();
    answers(session, docker, (&resolve, secrets, false), &keys, args)
}

/// Builds distributions, and resolves what their builds had.
fn sources(
    session: &mut Session,
    docker: &Docker,
    fleet: &Fleet,
    wanted: &Wanted,
    args: &LockArgs,
) -> Result<Found, CommandError> {
    let recordings = fleet.recordings(wanted);
    if recordings.stages.is_empty() {
        return Ok(Found::new());
    }
    let count = plural(recordings.stages.len(), "distribution");
    session
        .shell
        .status("Building", format_args!("{count} from source, for what that requires"))?;
    let services = recordings.plan.stages.iter().flat_map(|stage| &stage.users).collect();
    let (secrets, ssh) = (recordings.plan.secrets(&services), recordings.plan.needs_ssh(&services));
    let record = pymono_render::record(&recordings);
    let keys: Vec<_> = recordings.stages.keys().zip(&record.stages).collect();
    answers(session, docker, (&record, secrets, ssh), &keys, args)
}

/// Builds what resolves requirements, and reads what it found for each, by the name of its stage.
fn answers(
    session: &mut Session,
    docker: &Docker,
    (resolve, secrets, ssh): (&Resolve, BTreeSet<Secret>, bool),
    keys: &[(&BackendKey, &String)],
    args: &LockArgs,
) -> Result<Found, CommandError> {
    let folder = Utf8Path::new(FOLDER);
    let pins = folder.join("pins");
    let files = resolve.files.iter().map(|(name, text)| (pins.join(name), text.clone()));
    let files = files.chain([
        (folder.join("Dockerfile"), resolve.dockerfile.clone()),
        (folder.join("Dockerfile.dockerignore"), resolve.ignore.clone()),
        (Utf8PathBuf::from(".pymono/state/.gitignore"), "*\n".to_owned()),
    ]);
    let out = folder.join("out");
    Changes::between(&session.root, files.collect(), &[pins.clone(), out.clone()])?.apply()?;
    let given = Given::new(&session.env);
    let request = BuildRequest {
        dockerfile: folder.join("Dockerfile"),
        context: ".".into(),
        build_contexts: [(PINS_CONTEXT.to_owned(), pins.to_string())].into(),
        exports: vec![Export::To(format!("type=local,dest={out}"))],
        builder: args.builder.clone(),
        secrets: given.secrets(secrets, &args.secrets),
        ssh: given.ssh(ssh, &args.ssh),
        // What an index has is another thing tomorrow.
        no_cache_of: resolve.stages.clone(),
        ..BuildRequest::default()
    };
    let made = docker.make(&request, &session.interrupt);
    session.go_on()?;
    made?;
    let mut found = Found::new();
    for (key, stage) in keys {
        let out = session.root.join(&out);
        if out.join(format!("{stage}.untold")).exists() {
            continue;
        }
        let path = out.join(format!("{stage}.txt"));
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| CommandError::unreadable(path, source))?;
        let pins = BackendPin::resolved(&text).map_err(CommandError::resolution)?;
        let what = key.requires.join(", ");
        let count = plural(pins.len(), "distribution");
        if key.from_source {
            session.shell.status("Locked", format_args!("the build of {what} with {count}"))?;
        } else {
            session.shell.status("Locked", format_args!("{what} as {count}"))?;
        }
        found.insert((*key).clone(), pins);
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
