use proptest::prelude::*;

use super::*;

const FILE: &str = r#"
x-base: &base
  environment: &env
    A: "1"
    B: ${B:-two}
  restart: always
services:
  api:
    <<: *base
    build:
      context: ./services/api
      dockerfile: ../../docker/${NAME:-api}.Dockerfile
      target: final
      args:
        - PYTHON=3.12
        - FROM_OUTSIDE
      additional_contexts: {base: "service:base"}
    command: uvicorn api:app --port 80$$0
    ports: ["127.0.0.1:8000:80/tcp", "53:53/udp", {target: 81, published: 82}]
    healthcheck: {test: [CMD, curl, -f, "http://localhost/health"]}
    depends_on: {db: {condition: service_started}}
  worker:
    extends: {service: api}
    build: {target: worker}
    entrypoint: ["/entry.sh", "a b"]
    environment:
      - C=3
      - D
    healthcheck: {disable: true}
  loop:
    extends: loop
    image: ${REGISTRY}/x
    volumes: ["./src:/app:ro", "data:/data", {type: bind, source: ./x, target: /x}]
    depends_on: [api]
    profiles: [dev]
"#;

fn services() -> BTreeMap<String, ComposeService> {
    Compose::parse(FILE, &Arguments::new()).unwrap().services
}

#[test]
fn a_build_is_read_with_its_variables() {
    let services = services();
    let build = services["api"].build.as_ref().unwrap();
    assert_eq!((build.context.as_str(), build.line), ("./services/api", 11));
    assert_eq!(build.dockerfile.as_deref(), Some("../../docker/api.Dockerfile"));
    assert_eq!(build.args, Arguments::from([("PYTHON".into(), "3.12".into())]));
    assert_eq!(build.contexts["base"], "service:base");
}

#[test]
fn how_a_service_runs_is_read() {
    let api = &services()["api"];
    assert_eq!(api.command.as_ref().unwrap().words, ["uvicorn", "api:app", "--port", "80$0"]);
    assert_eq!(api.ports, [80, 81]);
    assert_eq!(api.environment["B"].as_deref(), Some("two"));
    assert_eq!(api.health.as_ref().unwrap().test.to_string(), "curl -f http://localhost/health");
    assert_eq!(api.depends_on, BTreeSet::from(["db".into()]));
    assert_eq!(api.line, 8);
}

#[test]
fn a_service_has_what_it_extends() {
    let worker = &services()["worker"];
    let build = worker.build.as_ref().unwrap();
    assert_eq!(
        (build.context.as_str(), build.target.as_deref()),
        ("./services/api", Some("worker"))
    );
    assert_eq!(worker.environment.keys().collect::<Vec<_>>(), ["A", "B", "C", "D"]);
    assert_eq!(worker.entrypoint.as_ref().unwrap().words, ["/entry.sh", "a b"]);
    assert_eq!(worker.health, None);
}

#[test]
fn what_extends_itself_is_read_once() {
    let looped = &services()["loop"];
    assert_eq!(looped.image.as_deref(), Some("${REGISTRY}/x"));
    assert_eq!(looped.volumes, [("./src".into(), "/app".into()), ("./x".into(), "/x".into())]);
}

#[test]
fn variables_beside_the_file_are_taken() {
    let variables = Arguments::from([("NAME".into(), "web".into())]);
    let api = &Compose::parse(FILE, &variables).unwrap().services["api"];
    assert_eq!(
        api.build.as_ref().unwrap().dockerfile.as_deref(),
        Some("../../docker/web.Dockerfile")
    );
}

#[test]
fn an_empty_file_has_no_services() {
    assert_eq!(Compose::parse("# nothing\n", &Arguments::new()), Ok(Compose::default()));
    assert_eq!(Compose::parse("services:\n  api:\n", &Arguments::new()), Ok(Compose::default()));
    assert!(Compose::parse("services: [", &Arguments::new()).is_err());
}

proptest! {
    #[test]
    fn no_mangled_file_makes_it_panic(
        at in 0..FILE.len(),
        cut in 0..30_usize,
        put in "(?s)[-{}\\[\\]:,\"'&*<$\\n a-z]{0,12}",
    ) {
        let end = (at + cut).min(FILE.len());
        let text = format!("{}{put}{}", &FILE[..at], &FILE[end..]);
        let _ = Compose::parse(&text, &Arguments::new());
    }
}
