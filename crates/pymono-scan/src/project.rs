//! One project as the rest of pymono sees it.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use pymono_names::{PythonVersion, TreePath};
use pymono_workspace::{Declared, Further, Handwritten, Kind, Launch, Project, Settings};

use crate::{
    Place, ScanError, Warning,
    code::{self, App, Code},
    further::{self, Ignored},
    ground::{Ground, Known},
    infer::{self, Evidence, Said},
    launch::{self, Starting},
    manifest::{Form, Requirement, local_path},
    python::{self, Chosen},
    recipes::{self, Hints},
};

/// Looks at the project in `path`; `excluded` says why it is there only because others need it.
pub(crate) fn project(
    ground: &Ground<'_>,
    path: &TreePath,
    excluded: Option<&str>,
    ignored: &Ignored,
    warnings: &mut Vec<Warning>,
) -> Result<Project, ScanError> {
    let missing =
        || ScanError::Read { path: path.to_string(), source: std::io::ErrorKind::NotFound.into() };
    let known = ground.known(path).ok_or_else(missing)?;
    let requirements = requirements(ground, path, known);
    let code = code(ground, path, known, &requirements);
    let said = excluded.map_or_else(|| said(known), |why| Said::Skip(why.to_owned()));
    let (kind, why) = infer::judge(&Evidence {
        path,
        said,
        requirements: &known.requirements,
        dependents: &known.dependents,
        is_below_images: known.dependents.iter().any(|dependent| {
            ground.known(dependent).is_some_and(|it| !it.signals.production.is_empty())
        }),
        gathers: known.gathers,
        scripts: scripts(known),
        recipes: &known.signals,
        bricks: known.found.manifest.bricks.keys().collect(),
        code: &code,
    });
    let python = python(ground, path, known, kind, warnings)?;
    let launch = if kind == Kind::Service {
        launch(path, known, (&requirements, &code), python, warnings)
    } else {
        Launch::default()
    };
    let table = known.found.manifest.content.project.as_ref();
    let settings = settings(known, kind);
    let further = further(ground, known, &settings, kind, ignored, warnings)?;
    Ok(Project {
        path: path.clone(),
        name: known.found.name.clone(),
        kind,
        why,
        manifest: manifest_of(known),
        manager: (known.found.manifest.form != Form::Recipe).then_some(known.found.manager),
        lock: known.found.lock.clone(),
        requires_python: table.and_then(|project| project.requires_python.clone()),
        requirements: declared(ground, known),
        python,
        build: known.build.clone(),
        needs: known.needs.clone(),
        crates: known.crates.clone(),
        bricks: known.found.manifest.bricks.keys().cloned().collect(),
        launch,
        images: images(ground, known, kind),
        settings,
        sources: known.sources.clone(),
        further,
    })
}

/// Returns the images that hand-written Dockerfiles build of a service.
fn images(ground: &Ground<'_>, known: &Known<'_>, kind: Kind) -> Vec<Handwritten> {
    let images = known.images.iter().filter(|_| kind == Kind::Service);
    images.map(|image| recipes::handwritten(ground.tree, image)).collect()
}

/// Returns the file that declares the project.
fn manifest_of(known: &Known<'_>) -> TreePath {
    let folder = &known.found.manifest.folder;
    known.found.manifest.file.name.parse().unwrap_or_else(|_| folder.clone())
}

/// Returns what the manifest requires for production from elsewhere than the tree.
fn declared(ground: &Ground<'_>, known: &Known<'_>) -> BTreeSet<Declared> {
    let manifest = &known.found.manifest;
    let project = manifest.content.project.iter();
    let texts = project.flat_map(|project| &project.dependencies);
    let folders = known.found.folders.iter().filter_map(|edge| ground.known(&edge.to));
    let mut local: BTreeSet<&PackageName> = folders.map(|known| &known.found.name).collect();
    local.extend(known.found.edges.keys());
    let required = texts.filter_map(|text| Some((Requirement::parse(text)?.name, text)));
    let required = required.filter(|(name, text)| {
        let path = text.split_once('@').and_then(|(_, url)| local_path(url));
        !local.contains(name) && path.is_none()
    });
    let declared = |(name, text): (PackageName, &String)| {
        let place = manifest.file.place_in_list(&["project", "dependencies"], text);
        Declared { name, text: text.clone(), line: place.line.unwrap_or_default() }
    };
    required.map(declared).collect()
}

/// Returns what an image of the project has: what it requires itself first, then what comes with
/// the local projects that it uses.
fn requirements(ground: &Ground<'_>, path: &TreePath, known: &Known<'_>) -> Vec<Requirement> {
    let others = ground.closure(path).into_iter().filter(|other| other != path);
    let others =
        others.filter_map(|other| Some(ground.known(&other)?.requirements.clone())).flatten();
    known.requirements.iter().cloned().chain(others).collect()
}

/// Returns what the project's files show.
fn code(
    ground: &Ground<'_>,
    path: &TreePath,
    known: &Known<'_>,
    requirements: &[Requirement],
) -> Code {
    // In a Polylith workspace the code of all projects lies around the root, and is none of its own.
    if known.gathers && ground.tree.file_in(path, "workspace.toml").is_some() {
        return Code::default();
    }
    let frameworks = infer::has_framework(requirements);
    code::read(ground.tree, &known.found.manifest, &known.sources, frameworks)
}

/// Returns what the configuration says about the project's kind.
fn said(known: &Known<'_>) -> Said {
    match (&known.configured.skip, &known.service_by) {
        (Some((true, place)), _) => Said::Skip(format!("`skip` in {}", place.file)),
        (_, Some(file)) => Said::Service(file.clone()),
        (Some((false, place)), None) if place.file == known.found.manifest.file.name => {
            Said::Service(place.file.clone())
        }
        _ => Said::Nothing,
    }
}

/// Returns the settings of a project.
///
/// A service unites its own Debian packages with those of the libraries that it
/// uses; what the repository gives to each service is none of a library's. Where nothing is
/// configured, a generated image has the packages that a hand-written recipe installs.
fn settings(known: &Known<'_>, kind: Kind) -> Settings {
    let mut settings = known.configured.settings.clone();
    if kind == Kind::Library {
        let none = Settings::default();
        let says = |key: &str| known.own.as_ref().is_some_and(|own| own.has(key));
        if !says("apt") {
            settings.apt = none.apt;
        }
        if !says("apk") {
            settings.apk = none.apk;
        }
        if !says("include") {
            settings.include = none.include;
        }
        if !says("inputs") {
            settings.inputs = none.inputs;
        }
    }
    if kind == Kind::Service && known.images.is_empty() {
        let Hints { apt, build_apt, .. } = &known.hints;
        for (own, hinted) in [(&mut settings.apt, apt), (&mut settings.build_apt, build_apt)] {
            if own.is_empty() {
                own.clone_from(hinted);
            }
        }
    }
    settings
}

/// Returns the files that a project's configuration names beside those that it is made of.
///
/// A library is in no image by itself, so it can only have what its build is sent.
fn further(
    ground: &Ground<'_>,
    known: &Known<'_>,
    settings: &Settings,
    kind: Kind,
    ignored: &Ignored,
    warnings: &mut Vec<Warning>,
) -> Result<Further, ScanError> {
    let further = further::further(ground.tree, settings, ignored);
    let folder = &known.found.manifest.folder;
    for missing in &further.missing {
        let message = format!("`include` of `{folder}` has `{missing}`, which is not there");
        warnings.push(Warning::new(message));
    }
    let outside = |file: &&TreePath| kind == Kind::Library && !file.is_in(folder);
    if let (Some(file), Some(own)) = (further.included.keys().find(outside), &known.own) {
        return Err(ScanError::Value {
            place: own.place("include"),
            problem: format!("`{folder}` is a library, and `{file}` does not lie in its folder"),
            hint: Some("include it in the services that need it".into()),
        });
    }
    Ok(further)
}

/// Returns the commands that the project installs; none if it is not installed.
fn scripts<'a>(known: &Known<'a>) -> Vec<&'a str> {
    let table = known.found.manifest.content.project.as_ref().filter(|_| known.build.is_some());
    table.map_or_else(Vec::new, |table| table.scripts.keys().map(String::as_str).collect())
}

/// Returns how a service is started: as its own Dockerfile says, as configured, as another recipe
/// starts it, or else as its code suggests.
fn launch(
    path: &TreePath,
    known: &Known<'_>,
    (requirements, code): (&[Requirement], &Code),
    python: PythonVersion,
    warnings: &mut Vec<Warning>,
) -> Launch {
    let settings = &known.configured.settings;
    let inferred = launch::launch(&Starting {
        name: known.found.name.as_ref(),
        requirements,
        scripts: scripts(known),
        code,
        installed: known.build.is_some(),
        port: settings.port,
        python,
    });
    let reached = known.images.iter().find(|image| image.port.is_some());
    if let Some(image) = reached.or(known.images.first()) {
        return Launch {
            command: image.command.as_ref().map(pymono_recipe::Command::exec),
            port: settings.port.or(image.port),
            health: image.health.clone().or(inferred.health),
        };
    }
    let hinted = &known.hints.launch;
    if settings.command.is_some() || settings.entrypoint.is_some() {
        return Launch {
            command: settings.command.clone(),
            port: settings.port.or(hinted.port).or(inferred.port),
            health: hinted.health.clone().or(inferred.health),
        };
    }
    if hinted.command.is_some() {
        let health = hinted.health.clone().or(inferred.health);
        return Launch { health, ..hinted.clone() };
    }
    let unserved = code.apps.first().filter(|_| inferred.command.is_none());
    if let Some(App { file, object, .. }) = unserved.filter(|app| !app.object.is_empty()) {
        let message = format!(
            "`{path}` defines `{object}` in `{file}` but depends on no server that pymono knows"
        );
        warnings.push(Warning::new(message));
    }
    inferred
}

/// Returns the Python of the project's image.
fn python(
    ground: &Ground<'_>,
    path: &TreePath,
    known: &Known<'_>,
    kind: Kind,
    warnings: &mut Vec<Warning>,
) -> Result<PythonVersion, ScanError> {
    // What a hand-written Dockerfile runs on is a fact, whatever manifests say.
    let runs = known.images.iter().find_map(|image| image.python.as_ref()?.parse().ok());
    if let Some(python) = runs.filter(|_| kind == Kind::Service) {
        return Ok(python);
    }
    let limits = ground.limits(known)?;
    let configured = &known.configured;
    let by = |place: &Option<Place>, python| place.clone().map(|place| Chosen { python, place });
    let set = configured.settings.python.and_then(|python| by(&configured.python_by, python));
    let image = configured.settings.base_image.as_deref().and_then(python::of_image);
    let image = image.and_then(|python| by(&configured.base_image_by, python));
    let chosen = match set.or(image) {
        Some(chosen) => Some(chosen),
        None => python::pinned(ground.tree, path, warnings)?,
    };
    let fits = |python: &PythonVersion| limits.iter().all(|limit| limit.allows(*python));
    let hinted = known.hints.python.clone().filter(|(python, _)| fits(python));
    let chosen = chosen.or_else(|| {
        let (python, recipe) = hinted?;
        let place = Place { file: recipe.to_string(), ..Place::default() };
        Some(Chosen { python, place })
    });
    match python::decide(chosen, &limits) {
        // A library gets no image, so this keeps nobody from building one.
        Err(error @ ScanError::Python { .. }) if kind == Kind::Library => {
            warnings.push(Warning::new(error.to_string()));
            python::decide(None, &limits)
        }
        decided => decided,
    }
}
