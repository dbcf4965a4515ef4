//! What the configuration says about an image is true of the image.

use pymono_tests::until;
use pymono_tests::{Repo, Site, projects::hatchling};
use serde_json::json;

/// A configuration that says something about everything.
const EVERYTHING: &str = r#"
dependencies = ["idna"]

[project.optional-dependencies]
more = ["iniconfig"]
others = ["tomli-w"]

[dependency-groups]
dev = ["toml"]
group = ["six"]

[tool.pymono]
apt = ["tree"]
build-apt = ["cowsay"]
build-steps = ["test -x /usr/games/cowsay; id -u > made.txt; echo once >> /kept/runs"]
cache = ["/kept"]
entrypoint = ["env"]
command = ["python", "-c", "import os; print(os.environ['GREETING'], '$HOME ${HOME}')"]
env = { GREETING = "say \"hi\" to $HOME and C:\\", EMPTY = "" }
extras = ["more"]
groups = ["group"]
healthcheck = ["python", "-c", "raise SystemExit(0)"]
image = "team/everything"
include = ["generated", { from = "../../config/prod.toml", to = "conf/config.toml" }, { from = "templates/*.html", to = "/srv/templates" }]
labels = { "org.example.what" = "100% \"all\" of $it" }
port = 8080
tags = ["one", "two"]
user = 4321
workdir = "/app/work"
"#;

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_image_is_as_its_settings_say() {
    let repo = Repo::new("settings", "");
    repo.write("services/api/pyproject.toml", &hatchling("api", EVERYTHING));
    repo.write("services/api/src/api/__init__.py", &format!("# {}\n", repo.unique()));
    repo.write(".gitignore", "generated/\n*.draft\n");
    repo.write("services/api/generated/deep/code.py", "");
    repo.write("services/api/generated/.env", "");
    repo.write("services/api/templates/a.html", "");
    repo.write("services/api/templates/a.html.draft", "");
    repo.write("config/prod.toml", "");
    repo.lock(&[]);
    let site = Site::new(repo);
    let run = site.build(&["api"]);
    let images = ["one", "two"].map(|tag| format!("{}/team/everything:{tag}", site.repo.unique()));
    assert_eq!(run.report("api")["images"], json!(images));

    let [one, two] = images.each_ref().map(|image| site.docker.identity(image));
    assert_eq!(one, two);
    let config = one.1;
    assert_eq!(config["User"], "4321");
    assert_eq!(config["Entrypoint"], json!(["env"]));
    assert_eq!(config["WorkingDir"], "/app/work");
    assert_eq!(config["ExposedPorts"], json!({ "8080/tcp": {} }));
    assert_eq!(config["Labels"]["org.example.what"], "100% \"all\" of $it");
    assert_eq!(
        config["Healthcheck"]["Test"],
        json!(["CMD", "python", "-c", "raise SystemExit(0)"])
    );
    let env = config["Env"].as_array().unwrap();
    for variable in ["EMPTY=", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"] {
        assert!(env.contains(&json!(variable)), "{variable} is not in {env:?}");
    }
    let image = &images[0];
    assert_eq!(site.docker.run(image, &[]), "say \"hi\" to $HOME and C:\\ $HOME ${HOME}\n");
    assert_eq!(site.docker.run(image, &["id", "-u"]), "4321\n");
    assert!(site.docker.run(image, &["tree", "--version"]).starts_with("tree v"));

    let files = site.docker.shell(
        image,
        "cd /app/work; find . /srv -type f | sort; cat made.txt; ls /usr/games/cowsay /kept || :",
    );
    assert_eq!(
        files,
        "./conf/config.toml\n./generated/deep/code.py\n./made.txt\n/srv/templates/a.html\n0\n"
    );
    assert!(site.read_cache("/kept", "runs").ends_with("once\n"));
    let container =
        site.docker.tool(&["run", "--detach", "--health-interval=1s", image, "sleep", "600"]);
    let container = container.read().trim().to_owned();
    until("the service is healthy", || {
        let format = "{{.State.Health.Status}}";
        let status = site.docker.tool(&["inspect", "--format", format, &container]).read();
        if status.trim() == "healthy" { Ok(()) } else { Err(status) }
    });
    site.docker.tool(&["rm", "--force", &container]).read();

    let names =
        "from importlib.metadata import distributions as d; print(sorted(x.name for x in d()))";
    let installed = site.docker.python(image, names).succeeded().stdout;
    assert_eq!(installed, "['api', 'idna', 'iniconfig', 'six']\n");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_change_of_settings_runs_no_step_of_a_package() {
    let repo = Repo::new("setting", "");
    let settings = "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n";
    repo.write("services/api/pyproject.toml", &hatchling("api", settings));
    repo.write("services/api/src/api/__main__.py", &format!("# {}\nprint(1)\n", repo.unique()));
    repo.write("services/api/src/api/__init__.py", "");
    repo.lock(&[]);
    // Settings of the repository: the project's own manifest is a file of its package.
    let root = repo.read("pyproject.toml");
    let site = Site::new(repo);
    site.build(&["api"]);
    site.repo.write("pyproject.toml", &format!("{root}labels = {{ a = \"b\" }}\n"));
    let run = site.build(&["api"]);
    assert!(run.stages().is_empty(), "{:?}", run.stages());
    assert_eq!(site.docker.identity(&site.repo.image("api")).1["Labels"]["a"], "b");
}
