//! What of the tree reaches a build, and what of a project an image.

use std::{collections::BTreeSet, fs};

use pymono_tests::{
    Repo, Site,
    projects::{BACKEND, hatchling, in_tree, sources, unbuilt},
};

/// A program that prints the files that lay around when its distribution was built.
const TELL: &str = "from importlib.metadata import distribution\n\nprint(distribution(\"api\").read_text(\"sources.txt\"))\n";

/// Makes a service with files that git ignores, files that it ignores and tracks, and files of one machine.
fn littered(topic: &str) -> Repo {
    let repo = Repo::new(topic, "");
    repo.write(".gitignore", "*.log\nbuild/\n.venv/\n");
    let rest = "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n";
    repo.write("services/api/pyproject.toml", &in_tree("api", rest));
    repo.write("services/api/_build/backend.py", BACKEND);
    repo.write("services/api/src/api/__main__.py", &format!("# {}\n{TELL}", repo.unique()));
    repo.write("services/api/build/kept.txt", "tracked all the same");
    repo.write("services/other/pyproject.toml", &hatchling("other", rest));
    repo.write("services/other/src/other/__main__.py", "print(1)\n");
    repo.lock(&[]);
    repo.commit();
    repo.git(&["add", "--force", "services/api/build/kept.txt"]);

    repo.write("services/api/untracked.txt", "on its way into the repository");
    for ignored in [
        "notes.log",
        "build/artefact.txt",
        ".venv/pyvenv.cfg",
        "src/api/__pycache__/x.pyc",
        ".env",
        ".git/HEAD",
    ] {
        repo.write(&format!("services/api/{ignored}"), "of one machine");
    }
    repo
}

/// The files of the service that belong to the tree.
const OF_THE_TREE: [&str; 5] = [
    "_build/backend.py",
    "build/kept.txt",
    "pyproject.toml",
    "src/api/__main__.py",
    "untracked.txt",
];

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_package_is_built_from_its_files_in_the_tree_and_no_others() {
    let site = Site::new(littered("sees"));
    site.build(&["api"]);
    let answer = site.answer("api");
    assert_eq!(answer.lines().collect::<Vec<_>>(), OF_THE_TREE);

    // What is not in the tree changes nothing.
    site.repo.write("services/api/notes.log", "and more");
    site.repo.write("services/other/src/other/__main__.py", "print(2)\n");
    assert_eq!(site.build(&["api", "--force"]).outcomes()["api"], "cached");
    site.repo.write("services/api/build/kept.txt", "changed");
    assert_eq!(site.build(&["api"]).outcomes()["api"], "built");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn nothing_but_the_files_of_projects_could_be_sent() {
    let site = Site::new(littered("sent"));
    site.repo.write("README.md", "of no project");
    site.repo.write("docs/secret.txt", "of no project");
    let baked = site.bake();
    let ignore = fs::read_to_string(baked.join("Dockerfile.dockerignore")).unwrap();
    let all = site.docker.sent(&site.repo.root(), &ignore);
    let sent: BTreeSet<String> = all.keys().map(ToString::to_string).collect();
    let api = OF_THE_TREE.map(|file| format!("services/api/{file}"));
    let other =
        ["pyproject.toml", "src/other/__main__.py"].map(|file| format!("services/other/{file}"));
    assert_eq!(sent, api.into_iter().chain(other).collect());
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_service_that_is_not_installed_is_copied_and_runs() {
    let repo = Repo::new("virtual", "");
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/src/core/__init__.py", "VALUE = 7\n");
    let program = format!(
        "# {}\nimport pathlib\n\nimport core\nimport helper\nimport idna\n\nprint(core.VALUE, helper.NAME, idna.encode(\"a\").decode(), pathlib.Path.cwd())\n",
        repo.unique()
    );
    for (name, package) in [("bare", ""), ("unpacked", "[tool.uv]\npackage = false\n")] {
        let rest = format!(
            "dependencies = [\"core\", \"idna\"]\n\n{package}\n{}\n[tool.pymono]\ncommand = [\"python\", \"main.py\"]\n",
            sources(&["core"])
        );
        repo.write(&format!("services/{name}/pyproject.toml"), &unbuilt(name, &rest));
        repo.write(&format!("services/{name}/main.py"), &program);
        repo.write(&format!("services/{name}/helper.py"), "NAME = \"helper\"\n");
    }
    repo.lock(&[]);
    repo.commit();
    let site = Site::new(repo);
    site.build(&["--all"]);
    for name in ["bare", "unpacked"] {
        assert_eq!(site.answer(name), format!("7 helper a /app/services/{name}"));
    }
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_project_in_another_projects_folder_is_not_a_part_of_it() {
    let repo = Repo::empty("nested");
    let members =
        "[tool.uv.workspace]\nmembers = [\"services/api\", \"services/api/plugins/inner\"]\n";
    repo.write("pyproject.toml", &format!("{members}\n{}", repo.settings()));
    let rest = format!(
        "dependencies = [\"inner\"]\n\n{}\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n",
        sources(&["inner"])
    );
    repo.write("services/api/pyproject.toml", &in_tree("api", &rest));
    repo.write("services/api/_build/backend.py", BACKEND);
    repo.write(
        "services/api/src/api/__main__.py",
        &format!("# {}\nimport inner\n\n{TELL}", repo.unique()),
    );
    repo.write("services/api/plugins/readme.txt", "of the outer project");
    repo.write("services/api/plugins/inner/pyproject.toml", &hatchling("inner", ""));
    repo.write("services/api/plugins/inner/src/inner/__init__.py", "");
    repo.lock(&[]);
    repo.commit();
    let site = Site::new(repo);
    site.build(&["api"]);
    let expected =
        ["_build/backend.py", "plugins/readme.txt", "pyproject.toml", "src/api/__main__.py"];
    assert_eq!(site.answer("api").lines().collect::<Vec<_>>(), expected);

    // The inner project is a layer of its own.
    let text = format!("# {}\n", site.repo.unique());
    site.repo.write("services/api/plugins/inner/src/inner/__init__.py", &text);
    let run = site.build(&["api"]);
    assert_eq!(run.stages(), ["pkg-inner"]);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_root_of_a_workspace_may_be_a_service_itself() {
    let repo = Repo::empty("root");
    let rest = format!(
        "dependencies = [\"core\"]\n\n[tool.uv.workspace]\nmembers = [\"libs/*\"]\n\n{}\n{}\
         command = [\"python\", \"-m\", \"shop\"]\n",
        sources(&["core"]),
        repo.settings()
    );
    repo.write("pyproject.toml", &hatchling("shop", &rest));
    repo.write("src/shop/__init__.py", "");
    repo.write(
        "src/shop/__main__.py",
        &format!("# {}\nimport core\n\nprint(core.VALUE)\n", repo.unique()),
    );
    repo.write("libs/core/pyproject.toml", &hatchling("core", ""));
    repo.write("libs/core/src/core/__init__.py", "VALUE = 7\n");
    repo.lock(&[]);
    repo.commit();
    let site = Site::new(repo);
    site.build(&["--all"]);
    assert_eq!(site.answer("shop"), "7");
    assert_eq!(site.build(&["--all", "--force"]).outcomes()["shop"], "cached");
}
