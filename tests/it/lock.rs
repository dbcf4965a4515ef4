//! `pymono lock`: what images stand on and are built with stays what it is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pymono_tests::{
    Docker, Repo, Site, Tool,
    projects::{built_by, hatchling},
    uv::uv,
};
use serde_json::Value;

use crate::reproducible::{own_images, publish};

const LOCK: &str = "pymono.lock";

const FLIT: &str = "requires = [\"flit-core>=3.11\"]\nbuild-backend = \"flit_core.buildapi\"";

/// A service that hatchling builds, and one that flit does.
fn repo() -> Repo {
    let repo = Repo::new("lock", "");
    let service = |name: &str, manifest: &str| {
        repo.write(&format!("services/{name}/pyproject.toml"), manifest);
        repo.write(
            &format!("services/{name}/src/{name}/__init__.py"),
            "\"\"\"It says a word.\"\"\"\n",
        );
        repo.write(&format!("services/{name}/src/{name}/__main__.py"), "print('word')\n");
    };
    let command =
        |name: &str| format!("[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n");
    service("api", &hatchling("api", &command("api")));
    let described = format!("description = \"It says a word.\"\n{}", command("cron"));
    service("cron", &built_by(FLIT, "cron", &described));
    repo.lock(&[]);
    repo
}

/// A lock that nobody was asked for.
pub(crate) fn written() -> String {
    let image = |reference: &str, digit: &str| {
        format!(
            "[[image]]\nreference = \"{reference}\"\ndigest = \"sha256:{}\"\n\n",
            digit.repeat(64)
        )
    };
    let backend = |requires: &str, pin: &str| {
        format!(
            "[[backend]]\nrequires = [\"{requires}\"]\npython = \"3.13\"\n\n[[backend.pin]]\n\
             requirement = \"{pin}\"\nhashes = [\"sha256:{}\"]\n\n",
            "c".repeat(64)
        )
    };
    [
        "version = 1\n\n".to_owned(),
        image("ghcr.io/astral-sh/uv:0.13.9", "a"),
        image("python:3.13-slim", "b"),
    ]
    .into_iter()
    .chain([
        backend("flit-core>=3.11", "flit-core==3.11.0"),
        backend("hatchling", "hatchling==1.26.0"),
    ])
    .collect()
}

/// Returns the affected services with the reasons for each, after an edit of the lock.
fn affected(site: &Site, old: &str, new: &str) -> Value {
    let before = site.repo.read(LOCK);
    assert!(before.contains(old), "{before}");
    site.repo.write(LOCK, &before.replace(old, new));
    let output = site.pymono(&["affected", "--base", "HEAD", "--json"]).run().succeeded();
    site.repo.write(LOCK, &before);
    let mut answer: Value = serde_json::from_str(&output.stdout).unwrap();
    let services = answer["services"].as_array_mut().unwrap();
    services.iter_mut().map(|it| serde_json::json!([it["path"], it["reasons"].take()])).collect()
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_pin_of_a_backend_affects_whom_it_builds_and_a_digest_whoever_stands_on_it() {
    let site = Site::new(repo());
    site.repo.write(LOCK, &written());
    site.repo.commit();
    let backend = affected(&site, "flit-core==3.11.0", "flit-core==3.12.0");
    let [service] = &backend.as_array().unwrap()[..] else { panic!("{backend}") };
    assert_eq!(service[0], "services/cron");
    assert_eq!(service[1][0]["kind"], "backend", "{service}");
    let base = affected(&site, &"b".repeat(64), &"d".repeat(64));
    let paths: Vec<&Value> = base.as_array().unwrap().iter().map(|it| &it[0]).collect();
    assert_eq!(paths, ["services/api", "services/cron"], "{base}");
    let reasons = base.as_array().unwrap().iter().flat_map(|it| it[1].as_array().unwrap());
    assert!(reasons.clone().all(|reason| reason["kind"] == "base"), "{base}");
    // How it is written is nothing that an image has.
    let layout = affected(&site, "version = 1\n", "# Later.\nversion = 1\n");
    assert_eq!(layout, serde_json::json!([]));
    // What cannot be read says where, and affects those that stand on it.
    let torn = affected(&site, "digest = \"sha256:b", "digest = \"sha256:");
    assert_eq!(torn.as_array().unwrap().len(), 2, "{torn}");
    site.repo.write(LOCK, &written().replace("hatchling==1.26.0", "--hash"));
    let refused = site.pymono(&["build", "--all", "--dry-run"]).run().ended_with(3);
    assert!(refused.stderr.contains("`pymono.lock`, line "), "{}", refused.stderr);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_lock_that_lacks_or_has_too_much_is_told_by_what_uses_it() {
    let site = Site::new(repo());
    site.repo.write(LOCK, &written());
    let fresh = site.pymono(&["lock", "--check"]).run().succeeded();
    assert!(fresh.stderr.contains("Fresh pymono.lock"), "{}", fresh.stderr);
    let printed = site.pymono(&["bake", "--print"]).run().succeeded();
    assert!(!printed.stdout.is_empty());

    site.repo.replace("services/cron/pyproject.toml", "flit-core>=3.11", "flit-core>=3.12");
    let stale = site.pymono(&["lock", "--check"]).run().ended_with(1);
    for part in [
        "lacks the build requirements `flit-core>=3.12`",
        "nothing needs the build requirements `flit-core>=3.11`",
    ] {
        assert!(stale.stderr.contains(part), "{}", stale.stderr);
    }
    let check = site.pymono(&["check", "--json"]).run().ended_with(1);
    let found: Value = serde_json::from_str(&check.stdout).unwrap();
    let found = found["findings"].as_array().unwrap();
    let own: Vec<_> = found.iter().filter(|it| it["path"] == LOCK).map(|it| &it["code"]).collect();
    assert_eq!(own, ["stale-lock"], "{found:?}");
    let refused = site.pymono(&["build", "cron", "--dry-run"]).run().ended_with(3);
    assert!(refused.stderr.contains("`pymono lock`"), "{}", refused.stderr);
    // The other service has all that it needs; and who insists gets what is there now.
    let _ = site.pymono(&["build", "api", "--dry-run"]).run().succeeded();
    let _ = site.pymono(&["build", "cron", "--dry-run", "--frozen"]).run().succeeded();
}

#[test]
#[ignore = "needs an engine and a registry: cargo xtask test"]
fn what_is_locked_stays_until_it_is_moved_on_and_builds_take_nothing_else() {
    let site = Site::new(repo());
    let docker = Docker::main();
    let place = own_images(&docker, &site.repo);
    let _ = site.pymono(&["lock"]).run().succeeded();
    let first = site.repo.read(LOCK);
    site.repo.commit();
    assert!(first.contains("requirement = \"hatchling=="), "{first}");
    site.build(&["--all"]);
    assert_eq!(site.answer("api"), "word");
    let dockerfile = site.repo.read(".pymono/state/Dockerfile");
    assert!(dockerfile.contains(&format!("FROM {place}/python:3.13-slim@sha256:")), "{dockerfile}");
    assert!(
        dockerfile.contains("--target /opt/backend --no-deps --require-hashes"),
        "{dockerfile}"
    );

    // A tag that moves moves nothing, and neither does a second run.
    publish(&docker, "python:3.11-slim", &format!("{place}/python:3.13-slim"));
    let again = site.pymono(&["lock"]).run().succeeded();
    assert!(again.stderr.contains("Fresh pymono.lock"), "{}", again.stderr);
    assert_eq!(site.repo.read(LOCK), first);
    let pin = first.lines().find(|line| line.contains("\"hatchling==")).unwrap();
    let older = first.replace(pin, "requirement = \"hatchling==1.26.0\"");
    site.repo.write(LOCK, &older);
    // What is new is resolved beside it.
    site.repo.replace("services/cron/pyproject.toml", "flit-core>=3.11", "flit-core>=3.12");
    let _ = site.pymono(&["lock"]).run().succeeded();
    let added = site.repo.read(LOCK);
    assert!(added.contains("hatchling==1.26.0") && added.contains("flit-core>=3.12"), "{added}");
    // Its hashes are those of another version, and no build takes that.
    let (failed, _) = site.try_build(&["api", "--force"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(format!("{failed:?}").contains("ash mismatch"), "{failed:?}");

    let _ = site.pymono(&["lock", "--upgrade"]).run().succeeded();
    let upgraded = site.repo.read(LOCK);
    assert!(upgraded.contains(pin), "{upgraded}");
    let digest = |text: &str| {
        let mut lines = text.lines().skip_while(|line| !line.contains("python:3.13-slim"));
        lines.nth(1).unwrap().to_owned()
    };
    assert_ne!(digest(&upgraded), digest(&first));
    docker.remove_images(&place);
}

/// Returns the pin of a version of setuptools with its hashes, as a lock has it.
fn setuptools(repo: &Repo, version: &str) -> String {
    repo.write("../wanted.txt", &format!("setuptools=={version}\n"));
    let wanted = repo.outside().join("wanted.txt");
    let arguments = ["--quiet", "--generate-hashes", "--no-header", "--no-annotate"];
    let text = Tool::new(uv()).args(["pip", "compile"]).args(arguments).args([wanted]).read();
    let hashes = text.split("--hash=").skip(1);
    let hashes = hashes.map(|it| format!("{:?}, ", it.trim_matches([' ', '\\', '\n'])));
    format!("requirement = \"setuptools=={version}\"\nhashes = [{}]\n", hashes.collect::<String>())
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_distribution_without_wheels_is_built_with_what_was_locked_for_it() {
    let rest = "dependencies = [\"docopt==0.6.2\"]\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n";
    let repo = Repo::new("locked-sdist", "");
    repo.write("services/api/pyproject.toml", &hatchling("api", rest));
    repo.write("services/api/src/api/__init__.py", "");
    repo.write(
        "services/api/src/api/__main__.py",
        "from importlib.metadata import files\n\n\
         wheel = next(file for file in files('docopt') if file.name == 'WHEEL')\n\
         print(next(line for line in wheel.read_text().splitlines() if 'Generator' in line))\n",
    );
    repo.lock(&[]);
    let site = Site::new(repo);
    let docker = Docker::main();
    let place = own_images(&docker, &site.repo);
    let found = |site: &Site| site.pymono(&["check", "--json"]).run().stdout;
    assert!(found(&site).contains("unlocked-build"), "{}", found(&site));
    let told = site.pymono(&["lock"]).run().succeeded().stderr;
    assert!(told.contains("Locked the build of docopt==0.6.2 with 1 distribution\n"), "{told}");
    assert!(!found(&site).contains("unlocked-build"), "{}", found(&site));
    site.repo.commit();
    let lock = site.repo.read(LOCK);
    let at = lock.find("distribution = \"docopt==0.6.2\"").unwrap();
    let locked = lock[at..].split_once("requirement = \"setuptools==").unwrap().1;
    let locked = locked.split_once('"').unwrap().0;
    site.build(&["--all"]);
    assert_eq!(site.answer("api"), format!("Generator: setuptools ({locked})"));

    // An older one makes another wheel, whatever is cached; and that is why the service is affected.
    let start = at + lock[at..].find("requirement = ").unwrap();
    let end = start + lock[start..].find("\n[[").map_or(lock.len() - start, |it| it + 1);
    let older = |pin: &str| format!("{}{pin}{}", &lock[..start], &lock[end..]);
    let pin = setuptools(&site.repo, "78.1.0");
    site.repo.write(LOCK, &older(&pin));
    let output = site.pymono(&["affected", "--base", "HEAD", "--json"]).run().succeeded();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(answer["services"][0]["reasons"][0]["kind"], "pin", "{answer}");
    site.build(&["--all"]);
    assert_eq!(site.answer("api"), "Generator: setuptools (78.1.0)");

    // Nothing else than what is locked is taken.
    let zeros = format!("hashes = [\"sha256:{}\"]\n", "0".repeat(64));
    let torn = format!("{}{zeros}", &pin[..pin.find("hashes").unwrap()]);
    site.repo.write(LOCK, &older(&torn.replace("78.1.0", "78.1.1")));
    let (failed, _) = site.try_build(&["--all"]);
    assert!(failed.code == Some(1) && format!("{failed:?}").contains("ash mismatch"), "{failed:?}");
    docker.remove_images(&place);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_only_other_machines_need_is_built_here_too_as_far_as_it_can_be() {
    let other = if cfg!(target_arch = "x86_64") { "aarch64" } else { "x86_64" };
    let rest = format!(
        "dependencies = [\"docopt==0.6.2; platform_machine == '{other}'\", \"broken; platform_machine == '{other}'\"]\n\
         [tool.uv.sources]\nbroken = {{ path = \"../../vendored/broken-1.0.tar.gz\" }}\n\
         [tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n"
    );
    let repo = Repo::new("locked-elsewhere", "");
    repo.write("services/api/pyproject.toml", &hatchling("api", &rest));
    repo.write("services/api/src/api/__init__.py", "");
    repo.write("services/api/src/api/__main__.py", "print('word')\n");
    let manifest = "[build-system]\nrequires = []\nbuild-backend = \"fails\"\nbackend-path = [\".\"]\n\
                    [project]\nname = \"broken\"\nversion = \"1.0\"\n";
    for (file, text) in [
        ("pyproject.toml", manifest),
        ("fails.py", "raise SystemExit('no sun, no wheel')\n"),
        ("PKG-INFO", "Metadata-Version: 2.2\nName: broken\nVersion: 1.0\n"),
    ] {
        repo.write(&format!("../broken-1.0/{file}"), text);
    }
    repo.write("vendored/.keep", "");
    let archive = repo.root().join("vendored/broken-1.0.tar.gz");
    let outside = repo.outside();
    let pack = ["-czf", archive.as_str(), "-C", outside.as_str(), "broken-1.0"];
    let _ = Tool::new("tar").args(pack).read();
    repo.lock(&[]);
    let site = Site::new(repo);
    let place = own_images(&Docker::main(), &site.repo);
    let told = site.pymono(&["lock"]).run().succeeded().stderr;
    assert!(told.contains("Locked the build of docopt==0.6.2 with 1 distribution\n"), "{told}");
    assert!(told.contains("warning: what the build of `broken @ file vendored/broken"), "{told}");
    // It is neither lacking nor pinned.
    let _ = site.pymono(&["lock", "--check"]).run().succeeded();
    let found = site.pymono(&["check"]).run().stdout;
    assert!(found.contains("with build requirements that no lock pins: broken 1.0\n"), "{found}");
    Docker::main().remove_images(&place);
}
