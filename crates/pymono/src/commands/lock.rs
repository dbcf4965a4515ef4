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
    let (mut fleet, whole) = fleet(session, &workspace)?;
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
        fleet.stand_on(Some(lock.clone()), workspace.apt_snapshot.as_deref());
        for question in
            [of_packages(&fleet, &missing.backends), of_sources(&fleet, &missing.backends)]
        {
            lock.backends.extend(answers(session, &docker, question, args)?);
        }
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

/// What is asked of a build: what each of some build requirements comes down to.
struct Question {
    /// What is said of it.
    status: (&'static str, String),
    /// The build requirements, in the order of the stages that resolve them.
    keys: Vec<BackendKey>,
    resolve: Resolve,
    secrets: BTreeSet<Secret>,
    needs_ssh: bool,
}

/// Build requirements that a lock has not yet, each with the services that need it.
type Wanted = BTreeMap<BackendKey, BTreeSet<TreePath>>;

/// Returns what resolves build requirements of local packages.
fn of_packages(fleet: &Fleet, wanted: &Wanted) -> Question {
    let resolvable = fleet.resolvable(wanted);
    let locked = fleet.lock.iter().flat_map(|lock| lock.backends.values().flatten());
    let preferred = locked.map(|pin| pin.requirement.clone()).collect();
    let lists = plural(resolvable.len(), "list");
    Question {
        status: ("Resolving", format!("{lists} of build requirements")),
        keys: resolvable.iter().map(|it| it.key.clone()).collect(),
        resolve: pymono_render::resolve(&resolvable, &fleet.uv_image, &preferred),
        secrets: resolvable.iter().flat_map(|it| it.secrets.clone()).collect(),
        needs_ssh: false,
    }
}

/// Returns what builds distributions, and resolves what their builds had.
fn of_sources(fleet: &Fleet, wanted: &Wanted) -> Question {
    let recordings = fleet.recordings(wanted);
    let plan = &recordings.plan;
    let services = plan.stages.iter().flat_map(|stage| &stage.users).collect();
    let count = plural(recordings.stages.len(), "distribution");
    Question {
        status: ("Building", format!("{count} from source, for what that requires")),
        keys: recordings.stages.keys().cloned().collect(),
        resolve: pymono_render::record(&recordings),
        secrets: plan.secrets(&services),
        needs_ssh: plan.needs_ssh(&services),
    }
}

/// Builds what resolves requirements, if there are any, and reads what it found for each, by the name of its stage.
fn answers(
    session: &mut Session,
    docker: &Docker,
    question: Question,
    args: &LockArgs,
) -> Result<BTreeMap<BackendKey, Vec<BackendPin>>, CommandError> {
    let Question { status: (verb, what), keys, resolve, secrets, needs_ssh } = question;
    let mut found = BTreeMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    session.shell.status(verb, what)?;
    let folder = Utf8Path::new(FOLDER);
    let pins = folder.join("pins");
    let files = resolve.files.into_iter().map(|(name, text)| (pins.join(name), text));
    let files = files.chain([
        (folder.join("Dockerfile"), resolve.dockerfile),
        (folder.join("Dockerfile.dockerignore"), resolve.ignore),
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
        ssh: given.ssh(needs_ssh, &args.ssh),
        // What an index has is another thing tomorrow.
        no_cache_of: resolve.stages.clone(),
        ..BuildRequest::default()
    };
    let made = docker.make(&request, &session.interrupt);
    session.go_on()?;
    made?;
    let out = session.root.join(&out);
    for (key, stage) in keys.into_iter().zip(&resolve.stages) {
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
        found.insert(key, pins);
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
