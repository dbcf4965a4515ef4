//! What the build steps of a service make is in its image, and nothing else changes.

use pymono_tests::{
    Repo, Site,
    projects::{hatchling, unbuilt},
    until,
};

const SETTINGS: &str = r#"
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for a test"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
ROOT_URLCONF = "site_of.urls"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "assets"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
"#;

const MANAGE: &str = r#"
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of.settings")
execute_from_command_line(sys.argv)
"#;

const WSGI: &str = r#"
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of.settings")
application = get_wsgi_application()
"#;

/// Writes a Django project that collects its static files when its image is built.
fn write_django(repo: &Repo) {
    let manifest = unbuilt(
        "site-of",
        r#"dependencies = ["django>=5.2,<6", "gunicorn", "whitenoise"]
[tool.pymono]
build-steps = ["python manage.py collectstatic --noinput"]
command = ["gunicorn", "--bind", "0.0.0.0:8000", "site_of.wsgi"]
"#,
    );
    repo.write("services/site/pyproject.toml", &manifest);
    repo.write("services/site/manage.py", MANAGE);
    repo.write("services/site/site_of/__init__.py", "");
    repo.write("services/site/site_of/settings.py", SETTINGS);
    repo.write("services/site/site_of/urls.py", "urlpatterns = []\n");
    repo.write("services/site/site_of/wsgi.py", WSGI);
    repo.write("services/site/assets/site.css", &format!("/* {} */\n", repo.unique()));
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_django_service_serves_the_static_files_that_its_build_collected() {
    let repo = Repo::new("django", "");
    write_django(&repo);
    repo.lock(&[]);
    let site = Site::new(repo);
    site.build(&["site-of"]);
    let image = site.repo.image("site-of");
    let names = site.docker.run(&image, &["ls", "staticfiles"]);
    let hashed = names.lines().find(|name| {
        let parts: Vec<&str> = name.split('.').collect();
        matches!(parts[..], ["site", _, "css"])
    });
    let hashed = hashed.expect("a name with a hash");

    let container = site.docker.start(&image, 8000);
    let url = format!("http://{}/static/{hashed}", container.address());
    let css = until("the service answers", || {
        let response = minreq::get(&url).send().map_err(|error| error.to_string())?;
        match response.status_code {
            200 => Ok(response.into_bytes()),
            // Something on the way may answer before the service does.
            status => Err(format!("{status} {:?}", response.headers)),
        }
    });
    assert_eq!(css, format!("/* {} */\n", site.repo.unique()).into_bytes());
    // The layer holds what was made, and nothing that the image had before.
    let dockerfile = site.repo.read(".pymono/state/Dockerfile");
    let copied = "RUN cp -a /made /only\nFROM scratch\nCOPY --from=only /only /\n";
    let stages = dockerfile.split("\n# == Runtimes").next().unwrap_or_default();
    let only = format!("{stages}\nFROM steps-site-of AS only\n{copied}");
    let pins = format!("--build-context=pymono-pins={}/.pymono/state/pins", site.repo.root());
    let made = site.docker.export(&only, &site.repo.root(), &[&pins]);
    let place = "app/services/site/staticfiles";
    assert!(made.len() >= 3 && made.keys().all(|path| path.starts_with(place)), "{made:?}");
}

/// The steps of a package: they make a module, a file beside it and one out of sight.
const STEPS: &str = r#"
[tool.pymono]
command = ["python", "-c", "import api.made; print(api.made.WORD, open('beside.txt').read())"]
env = { WORD = "from the environment" }
build-apt = ["tree"]
cache = ["/trace"]
build-steps = [
    "echo \"WORD = '$WORD'\" > src/api/made.py; mkdir -p node_modules; touch node_modules/x; echo UNIQUE >> /trace/runs",
    ["sh", "-c", "tree --version | cut -d' ' -f1 > beside.txt"],
    """
python - <<'END'
import api
open("where.txt", "w").write(api.__file__)
END
""",
]
"#;

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn what_steps_make_of_an_installed_service_is_installed_and_what_else_they_make_lies_beside() {
    let repo = Repo::new("steps", "");
    let unique = repo.unique().to_owned();
    repo.write("services/api/pyproject.toml", &hatchling("api", &STEPS.replace("UNIQUE", &unique)));
    repo.write("services/api/src/api/__init__.py", &format!("# {unique}\n"));
    repo.write(
        "services/other/pyproject.toml",
        &hatchling("other", "[tool.pymono]\ncommand = [\"true\"]\n"),
    );
    repo.write("services/other/src/other/__init__.py", &format!("# {unique}\n"));
    repo.lock(&[]);
    let site = Site::new(repo);
    site.build(&["--all"]);
    assert_eq!(site.answer("api"), "from the environment tree");
    let image = site.repo.image("api");
    let lists =
        site.docker.shell(&image, "ls -A /app; cat /app/where.txt; which tree || echo none");
    assert_eq!(
        lists,
        ".venv\nbeside.txt\nsrc\nwhere.txt\n\
         /app/.venv/lib/python3.13/site-packages/api/__init__.pynone\n"
    );
    assert_eq!(site.docker.shell(&image, "find /app/src -type f"), "/app/src/api/made.py\n");

    site.repo.write("services/other/src/other/more.py", "");
    let run = site.build(&["--all"]);
    assert_eq!(run.stages(), ["pkg-other"]);
    site.repo.write("services/api/src/api/more.py", "");
    let run = site.build(&["--all"]);
    assert_eq!(run.stages(), ["pkg-api", "steps-api"]);
    let runs = site.read_cache("/trace", "runs");
    assert_eq!(runs.lines().filter(|run| *run == unique).count(), 2);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_step_that_fails_is_named() {
    let repo = Repo::new("failing-step", "");
    let steps = "[tool.pymono]\ncommand = [\"true\"]\nbuild-steps = [\"true\", \"echo to no avail; exit 7\"]\n";
    repo.write("services/api/pyproject.toml", &unbuilt("api", steps));
    repo.write("services/api/main.py", &format!("# {}\n", repo.unique()));
    repo.lock(&[]);
    let site = Site::new(repo);
    let (finished, run) = site.try_build(&["api"]);
    assert_eq!(finished.code, Some(1));
    let report = run.report("api").to_string();
    let message = "pymono: build step 2 of 2, `echo to no avail; exit 7`, failed with exit code 7";
    assert!(report.contains(message) && report.contains("to no avail"), "{report}");
}
