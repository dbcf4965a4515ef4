use proptest::prelude::*;

use super::*;

const JSON: &str = r#"{
  "variable": {"TAG": {"default": "1"}},
  "target": {
    "_common": {"context": ".", "dockerfile": "docker/all.Dockerfile", "args": {"A": "1", "B": null}},
    "api": {"inherits": ["_common"], "target": "api", "tags": ["acme/api:${TAG}"], "args": {"C": "2"}},
    "worker": {"inherits": ["api"], "contexts": {"base": "target:api"}}
  }
}"#;

const HCL: &str = r#"
variable "REGISTRY" { default = "acme" }
variable "TAG" {
  default = "${REGISTRY}-1"
}
group "default" { targets = ["api"] }
target "_common" {
  dockerfile = "docker/all.Dockerfile"
  args = { A = "1" }
}
target "api" {
  inherits = ["_common"]
  context  = "services/api"
  tags     = ["${REGISTRY}/api:${TAG}", timestamp()]
  contexts = { base = "target:base" }
}
target "svc" {
  name   = "svc-${item.name}-${py}"
  matrix = {
    item = [{ name = "a", path = "x/a" }, { name = "b", path = "x/b" }]
    py   = ["3.12", "3.13"]
  }
  context = item.path
  args    = { PYTHON = py }
}
"#;

#[test]
fn a_target_has_what_it_inherits() {
    let bake = Bake::parse_json(JSON).unwrap();
    let worker = &bake.targets["worker"];
    assert_eq!(worker.build.dockerfile.as_deref(), Some("docker/all.Dockerfile"));
    assert_eq!(worker.build.target.as_deref(), Some("api"));
    assert_eq!(worker.build.args.keys().collect::<Vec<_>>(), ["A", "C"]);
    assert_eq!((worker.tags.as_slice(), worker.build.line), (&["acme/api:1".to_owned()][..], 6));
    assert_eq!(worker.build.contexts["base"], "target:api");
}

#[test]
fn hcl_is_read_with_templates_and_defaults() {
    let bake = Bake::parse_hcl(HCL).unwrap();
    let api = &bake.targets["api"];
    assert_eq!(api.tags, ["acme/api:acme-1"]);
    assert_eq!((api.build.context.as_str(), api.build.line), ("services/api", 11));
    assert_eq!(api.build.dockerfile.as_deref(), Some("docker/all.Dockerfile"));
    assert_eq!(api.build.contexts["base"], "target:base");
}

#[test]
fn a_matrix_is_unrolled() {
    let bake = Bake::parse_hcl(HCL).unwrap();
    let names: Vec<_> = bake.targets.keys().filter(|it| it.starts_with("svc")).collect();
    assert_eq!(names, ["svc-a-3.12", "svc-a-3.13", "svc-b-3.12", "svc-b-3.13"]);
    let build = &bake.targets["svc-b-3.13"].build;
    assert_eq!((build.context.as_str(), build.args["PYTHON"].as_str()), ("x/b", "3.13"));
}

#[test]
fn targets_that_inherit_each_other_end() {
    let bake = Bake::parse_json(
        r#"{"target": {"a": {"inherits": ["b"]}, "b": {"inherits": ["a"], "target": "x"}}}"#,
    );
    assert_eq!(bake.unwrap().targets["a"].build.target.as_deref(), Some("x"));
}

#[test]
fn errors_name_their_line() {
    assert_eq!(Bake::parse_hcl("target \"a\" {\n  context = \n}").unwrap_err().line, 2);
    assert_eq!(Bake::parse_json("{\n\"target\": ]\n}").unwrap_err().line, 2);
}

proptest! {
    #[test]
    fn no_mangled_file_makes_it_panic(
        at in 0..HCL.len(),
        cut in 0..30_usize,
        put in "(?s)[-{}()\\[\\]:,\"'%$=\\n a-z]{0,12}",
    ) {
        let mangled = |text: &str| {
            let at = at.min(text.len());
            format!("{}{put}{}", &text[..at], &text[(at + cut).min(text.len())..])
        };
        let _ = Bake::parse_hcl(&mangled(HCL));
        let _ = Bake::parse_json(&mangled(JSON));
    }
}
