//! Images of Alpine, and images whose names do not tell what they are.

use pymono_tests::{Repo, Site, projects::hatchling};

/// No image of Alpine is needed to see that the Dockerfile is one that an engine takes.
#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_dockerfile_of_an_alpine_service_is_without_fault() {
    let repo = Repo::new("alpine", "");
    let settings = "dependencies = [\"markupsafe\"]\n[tool.pymono]\nbase-image = \"python:3.13-alpine\"\n\
        apk = [\"libpq\"]\nbuild-apk = [\"postgresql-dev\"]\nbuild-steps = [\"true\"]\ncommand = [\"true\"]\n";
    repo.write("services/api/pyproject.toml", &hatchling("api", settings));
    repo.write("services/api/src/api/__init__.py", "");
    repo.lock(&[]);
    let site = Site::new(repo);
    let folder = site.bake();
    let dockerfile = site.repo.read(".pymono/Dockerfile");
    for line in [
        "    apk add --update-cache libpq && \\",
        "    apk add --update-cache build-base ccache",
        "    apk add --update-cache postgresql-dev",
        "    { getent passwd 1001 || adduser -D -u 1001 -s /sbin/nologin app; } && \\",
    ] {
        assert!(dockerfile.lines().any(|it| it == line), "{line}\n{dockerfile}");
    }
    assert!(!dockerfile.contains("apt-get") && !dockerfile.contains("useradd"), "{dockerfile}");

    // The pins are those of the wheels that the lock has for musl.
    let lock: toml::Table = site.repo.read("uv.lock").parse().unwrap_or_default();
    let wheels = lock["package"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|it| it["name"].as_str() == Some("markupsafe"));
    let wheels = wheels.flat_map(|it| it["wheels"].as_array().cloned().unwrap_or_default());
    let fits = |url: &str| url.contains("-cp313-cp313-musllinux_");
    let hashes: Vec<String> = wheels
        .filter(|it| it["url"].as_str().is_some_and(fits))
        .filter_map(|it| it["hash"].as_str().map(str::to_owned))
        .collect();
    let pins = site.repo.read(".pymono/pins/deps-api.txt");
    assert_eq!(pins.matches("sha256:").count(), 2, "{pins}");
    assert!(hashes.iter().filter(|hash| pins.contains(*hash)).count() == 2, "{hashes:?}\n{pins}");

    site.repo.write(".pymono/Dockerfile", &dockerfile.replace("# check=skip=all\n", ""));
    let check = [
        "buildx",
        "build",
        "--check",
        "--target=api",
        "--build-context=python:3.13-alpine=docker-image://python:3.13-slim",
    ];
    let files = [
        format!("--file={folder}/Dockerfile"),
        format!("--build-context=pymono-pins={folder}/pins"),
    ];
    let check = site.docker.tool(&check).args(&files).args([site.repo.root()]).run().succeeded();
    assert!(check.stdout.contains("no warnings found"), "{}", check.stdout);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn an_image_with_another_c_library_than_it_is_taken_for_is_told_before_anything_is_installed() {
    let repo = Repo::new("libc", "");
    let image = format!("{}/base:1", repo.unique());
    let settings =
        format!("[tool.pymono]\nbase-image = \"{image}\"\nlibc = \"musl\"\ncommand = [\"true\"]\n");
    repo.write("services/api/pyproject.toml", &hatchling("api", &settings));
    repo.write("services/api/src/api/__init__.py", &format!("# {}\n", repo.unique()));
    repo.lock(&[]);
    let site = Site::new(repo);
    site.docker.tool(&["tag", "python:3.13-slim", &image]).read();
    let (finished, _) = site.try_build(&["api"]);
    assert_eq!(finished.code, Some(1));
    let message = format!(
        "pymono: {image} is taken for an image with musl, which it is not; `libc = \"glibc\"` says that it has glibc"
    );
    let told = finished.stdout.replace("\\\"", "\"") + &finished.stderr;
    assert!(told.contains(&message), "{told}");

    site.repo.replace("services/api/pyproject.toml", "libc = \"musl\"\n", "");
    site.build(&["api"]);
    let python = site
        .docker
        .python(&site.repo.image("api"), "import platform; print(platform.libc_ver()[0])");
    assert_eq!(python.succeeded().stdout, "glibc\n");
}
