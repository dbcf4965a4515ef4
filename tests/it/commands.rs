//! What else `pymono build` and `pymono list` are asked for.

use std::collections::BTreeMap;

use pymono_tests::{Repo, Site, Tool, projects::hatchling, registry};
use serde_json::Value;

use crate::fleet::fleet;

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn commands_of_a_dry_run_build_the_same_images_when_pasted() {
    let site = fleet("dry", &["a", "b"]);
    let printed = site.pymono(&["build", "--all", "--dry-run"]).run().succeeded().stdout;
    let images = ["a", "b"].map(|service| site.repo.image(service));
    assert!(images.iter().all(|image| !site.docker.has(image)), "a dry run builds nothing");

    // Pasted anywhere, whatever the shell's folder is.
    let shell = Tool::new("sh").args(["-e", "-c", &printed]).cwd(site.repo.outside());
    let _ = site.docker.reached_by(shell).run().succeeded();
    let pasted = images.each_ref().map(|image| site.docker.identity(image));
    assert_eq!(site.answer("b"), "1");

    site.docker.remove_images(&format!("{}/", site.repo.unique()));
    let run = site.build(&["--all"]);
    assert_eq!(run.outcomes(), BTreeMap::from([("a", "cached"), ("b", "cached")]));
    assert_eq!(images.each_ref().map(|image| site.docker.identity(image)), pasted);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_pushed_image_is_in_the_registry_under_its_tag() {
    let repo = Repo::new("push", "");
    // Without a registry in the repository's own settings, and with a name that nobody else has there.
    let (name, registry) = (repo.unique().to_owned(), registry());
    repo.write(
        "pyproject.toml",
        "[tool.uv.workspace]\nmembers = [\"services/*\"]\n\n[tool.pymono]\npython = \"3.13\"\n",
    );
    let rest = "\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n\n\
                [tool.hatch.build.targets.wheel]\npackages = [\"src/api\"]\n";
    repo.write("services/api/pyproject.toml", &hatchling(&name, rest));
    repo.write("services/api/src/api/__main__.py", &format!("print(\"{name}\")\n"));
    repo.lock(&[]);
    let site = Site::new(repo);
    let run = site.build(&[&name, "--push", "--registry", &registry, "--tag", "v1", "--tag", "v2"]);
    let references = ["v1", "v2"].map(|tag| format!("{registry}/{name}:{tag}"));
    let told: Vec<String> = serde_json::from_value(run.report(&name)["images"].clone()).unwrap();
    assert_eq!(told[..2], references);
    assert!(told.len() == 3 && told[2].starts_with(&format!("{registry}/{name}:fp-")), "{told:?}");

    for tag in ["v1", "v2"] {
        let url = format!("http://{registry}/v2/{name}/manifests/{tag}");
        let kinds = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                     application/vnd.docker.distribution.manifest.v2+json";
        let answer = minreq::get(&url).with_header("Accept", kinds).send().unwrap();
        assert_eq!(answer.status_code, 200, "{url}");
        let manifest: Value = serde_json::from_slice(answer.as_bytes()).unwrap();
        assert_eq!(manifest["schemaVersion"], 2, "{manifest}");
        let mut headers = answer.headers.iter();
        let digest = headers.find(|(name, _)| name.eq_ignore_ascii_case("docker-content-digest"));
        assert_eq!(run.report(&name)["digest"], digest.unwrap().1.as_str());
    }
    let missing = minreq::get(format!("http://{registry}/v2/{name}/manifests/v3")).send().unwrap();
    assert_eq!(missing.status_code, 404);
    site.docker.remove_images(&format!("{registry}/{name}:"));
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_list_names_every_project_and_what_it_stands_on() {
    let site = Site::new(Repo::shop("list"));
    let text = site.pymono(&["list", "--json"]).run().succeeded().stdout;
    let list: Value = serde_json::from_str(&text).unwrap();
    let projects = list["projects"].as_array().unwrap();
    let of_kind = |kind: &str| -> Vec<&str> {
        let fits = projects.iter().filter(|project| project["kind"] == kind);
        fits.map(|project| project["path"].as_str().unwrap()).collect()
    };
    assert_eq!(of_kind("library"), ["libs/models", "libs/pricing", "libs/telemetry"]);
    let services = ["admin", "catalog", "forecast", "report", "storefront", "worker"];
    assert_eq!(of_kind("service"), services.map(|name| format!("services/{name}")));
    let catalog = projects.iter().find(|project| project["name"] == "catalog").unwrap();
    assert_eq!(catalog["depends_on"], serde_json::json!(["libs/pricing"]));
    assert_eq!(catalog["closure"], serde_json::json!(["libs/models", "libs/pricing"]));
}
