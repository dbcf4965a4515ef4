//! `examples/shop`, built, run, and looked into.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use pymono_tests::{Docker, Repo, Site, classic_host, until};
use serde_json::{Value, json};

/// The services of the shop.
const SERVICES: [&str; 6] = ["admin", "catalog", "forecast", "report", "storefront", "worker"];

/// Every file that an image of the shop has no use for.
///
/// Official Python images have a pip of their own outside of the virtual
/// environment, so that one is asked for pip apart.
const SUPERFLUOUS: &str = r"
for tool in cc gcc g++ clang ld as make uv uvx rustc cargo; do command -v $tool; done
find / -xdev -type f '(' -name cc1 -o -name uv -o -name uvx ')'
find / -xdev -path '*/.cache/*' -type f
find / -xdev -type d '(' -path /root/.cache -o -path '*/.cache/pip' -o -path '*/.cache/uv' ')'
find /opt/backend /src /pins.txt 2>/dev/null
true
";

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_shop_is_built_answers_and_is_then_all_cached() {
    let site = Site::new(Repo::shop("shop"));
    site.build(&["--all"]);
    for service in SERVICES {
        shows(&site, service);
        is_lean(&site, service);
    }
    let again = site.build(&["--all", "--force"]);
    let cached: BTreeMap<_, _> = SERVICES.into_iter().map(|name| (name, "cached")).collect();
    assert_eq!(again.outcomes(), cached);
    let ran = ["RUN ", "COPY ", "WORKDIR "].map(|keyword| again.ran(keyword));
    assert!(ran.concat().is_empty(), "{ran:?}");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_classic_image_store_builds_and_runs_the_shop_too() {
    let site = Site::on(Repo::shop("classic"), classic_host());
    let form = "{{json .DriverStatus}}";
    let store = site.docker.tool(&["info", "--format", form]).read();
    assert!(!store.contains("containerd.snapshotter"), "this engine has no classic store: {store}");
    site.build(&["--all"]);
    for service in SERVICES {
        shows(&site, service);
    }
    let again = site.build(&["--all", "--force"]);
    let cached: BTreeMap<_, _> = SERVICES.into_iter().map(|name| (name, "cached")).collect();
    assert_eq!(again.outcomes(), cached);

    // Layers do not stand side by side here, so more is copied anew, and all the same nothing runs twice.
    let path = "libs/models/src/shop_models/__init__.py";
    site.repo.write(path, &format!("{}\n# {}\n", site.repo.read(path), site.repo.unique()));
    assert_eq!(site.build(&["--all"]).stages(), ["pkg-shop-models"]);
    shows(&site, "report");
}

/// Asks a service for what the shop's `README.md` promises.
fn shows(site: &Site, service: &str) {
    let prints = |command: &[&str], expected: &str| {
        let text = site.docker.run(&site.repo.image(service), command);
        assert!(text.contains(expected), "{service}: `{expected}` is not in\n{text}");
    };
    match service {
        "storefront" => {
            answers(
                site,
                service,
                &[
                    ("/health", json!({ "status": "ok", "service": "storefront" })),
                    (
                        "/price/mug?pieces=12",
                        json!({ "sku": "mug", "pieces": 12, "discount_percent": 10, "total": "135.00" }),
                    ),
                ],
            );
        }
        "admin" => {
            answers(site, service, &[("/health", json!({ "status": "ok", "service": "admin" }))]);
        }
        "worker" => {
            prints(
                &["python", "-m", "worker", "--self-test"],
                "invoice 1001: 2 lines, total 236.81 EUR",
            );
        }
        "report" => prints(&[], "297.10"),
        "catalog" => {
            let check = ["python", "-m", "catalog", "--check"];
            prints(&check, "catalog is SERVING: Cast iron teapot costs 64.00 EUR");
            prints(&check, "threads: 4");
        }
        "forecast" => prints(&[], "next week: 231.0 pieces"),
        other => panic!("nobody knows what `{other}` shows"),
    }
}

/// Starts a service as it is and asks it over HTTP until it answers.
fn answers(site: &Site, service: &str, questions: &[(&str, Value)]) {
    let container = site.docker.start(&site.repo.image(service), 8000);
    let address = container.address();
    for (path, expected) in questions {
        let url = format!("http://{address}{path}");
        let body = until(&format!("an answer of `{service}` to `{path}`"), || {
            // Docker itself accepts before the service does, and hangs up.
            let answer = minreq::get(&url).with_timeout(5).send();
            let answer = answer.map_err(|error| format!("{error}\n{}", container.log()))?;
            let body = answer.as_str().unwrap_or_default().to_owned();
            if answer.status_code == 200 { Ok(body) } else { Err(body) }
        });
        assert_eq!(serde_json::from_str::<Value>(&body).ok().as_ref(), Some(expected), "{url}");
    }
}

/// Looks whether an image runs as nobody in particular and holds nothing that it has no use for.
fn is_lean(site: &Site, service: &str) {
    let (docker, image) = (&site.docker, site.repo.image(service));
    let uid = docker.tool(&["run", "--rm", "--entrypoint", "id", &image, "-u"]).read();
    assert_eq!(uid.trim(), "1001", "{service}");
    assert_eq!(docker.shell(&image, SUPERFLUOUS), "", "{service}");
    let pip = docker.python(&image, "import pip");
    assert!(pip.stderr.contains("No module named 'pip'"), "{service}: {pip:?}");
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn the_fastapi_image_is_under_200_mb() {
    let site = Site::new(Repo::shop("size"));
    let ours = site.repo.image("storefront");
    let naive = site.repo.image("naive");
    site.build(&["storefront"]);
    build_naively(&site, &naive);
    let (ours, naive) = (sizes(&site.docker, &ours), sizes(&site.docker, &naive));
    println!("the FastAPI service:");
    println!("  pymono: {:.1} MB as the engine counts, {:.1} MB of files", ours.0, ours.1);
    println!("  naive:  {:.1} MB as the engine counts, {:.1} MB of files", naive.0, naive.1);
    assert!(ours.0 < 200.0 && ours.1 < 200.0, "{ours:?} MB");
    assert!(ours.0 < naive.0 && ours.1 < naive.1, "{ours:?} MB, and naively {naive:?} MB");
}

/// Builds the same service as one stage, as first Dockerfiles do.
fn build_naively(site: &Site, tag: &str) {
    let dockerfile = "FROM python:3.13-slim\n\
        COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/\n\
        WORKDIR /app\n\
        COPY . .\n\
        RUN uv sync --frozen --package storefront\n\
        CMD [\"/app/.venv/bin/uvicorn\", \"storefront.main:app\"]\n";
    let file = site.repo.outside().join("Dockerfile");
    std::fs::write(&file, dockerfile).unwrap_or_else(|error| panic!("{file}: {error}"));
    let file = format!("--file={file}");
    let (tag, root) = (format!("--tag={tag}"), site.repo.root());
    site.docker.tool(&["buildx", "build", "--load", &file, &tag, root.as_str()]).read();
}

/// Returns the size of an image in MB: what the engine says, which for one that
/// stores compressed layers is less than the files take, and those files.
///
/// Texts for people are not counted: official Python images have none, one made
/// of a distribution's packages may.
fn sizes(docker: &Docker, image: &str) -> (f64, f64) {
    let said = docker.inspect(image)["Size"].as_f64().unwrap();
    let texts = ["doc", "locale", "man"].map(|name| format!("--exclude=/usr/share/{name}"));
    let count = format!("du --one-file-system --summarize --bytes {} / | cut -f1", texts.join(" "));
    let files: f64 = docker.shell(image, &count).trim().parse().unwrap();
    (said / 1e6, files / 1e6)
}
