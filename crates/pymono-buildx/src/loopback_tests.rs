use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;

#[test]
fn only_what_docker_speaks_plain_http_with_is_asked() {
    let url = |reference| Loopback::of(reference).map(|(it, which)| (it.url, which));
    let own = |url: &str, which| Some((url.to_owned(), which));
    assert_eq!(url("127.0.0.1:5000/team/api:v1"), own("http://127.0.0.1:5000/v2/team/api", "v1"));
    assert_eq!(url("localhost/api@sha256:0"), own("http://localhost/v2/api", "sha256:0"));
    assert_eq!(url("[::1]:5000/api:v1"), own("http://[::1]:5000/v2/api", "v1"));
    for other in ["ghcr.io/team/api:v1", "api:v1", "localhost:443/api:v1", "10.0.0.1:5000/api:v1"] {
        assert_eq!(url(other), None, "{other}");
    }
}

/// Answers requests by how their first line starts, and fails at any other; returns where.
fn registry(answers: Vec<(String, u16, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|it| answer(it.unwrap(), &answers)));
    address.to_string()
}

fn answer(mut stream: TcpStream, answers: &[(String, u16, String)]) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let known = answers.iter().find(|(start, ..)| request.starts_with(start.as_str()));
    let (status, body) = known.map_or((500, ""), |(_, status, body)| (*status, body.as_str()));
    let length = body.len();
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let head = format!(
        "HTTP/1.1 {status} it\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all((head + body).as_bytes());
    let _ = stream.flush();
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

fn configuration() -> String {
    r#"{"architecture":"amd64","os":"linux","config":{"Labels":{"key":"value"}}}"#.to_owned()
}

fn manifest() -> String {
    format!(r#"{{"config":{{"digest":"{}","size":1}}}}"#, digest(configuration().as_bytes()))
}

fn blob(body: String) -> (String, u16, String) {
    (format!("GET /v2/api/blobs/{} ", digest(configuration().as_bytes())), 200, body)
}

fn tagged(tag: &str, status: u16, body: &str) -> (String, u16, String) {
    (format!("GET /v2/api/manifests/{tag} "), status, body.to_owned())
}

fn ask(answers: Vec<(String, u16, String)>) -> Option<Published> {
    let reference = format!("{}/api:v1", registry(answers));
    let (registry, which) = Loopback::of(&reference).unwrap();
    registry.published(which)
}

#[test]
fn an_image_has_the_digest_of_its_manifest_and_the_labels_of_its_configuration() {
    let labels = [("key".to_owned(), "value".to_owned())].into();
    let image = |document: &str| {
        Some(Published::Image(PublishedImage {
            digest: digest(document.as_bytes()),
            labels: [("linux/amd64".to_owned(), BTreeMap::clone(&labels))].into(),
        }))
    };
    let own = manifest();
    assert_eq!(ask(vec![tagged("v1", 200, &own), blob(configuration())]), image(&own));

    // Of an index each image counts, and what is an attestation does not.
    let part = digest(own.as_bytes());
    let index = format!(
        r#"{{"manifests":[{{"digest":"{part}","size":1,"platform":{{"os":"linux"}}}},{{"digest":"sha256:0","size":1,"platform":{{"os":"unknown"}}}}]}}"#
    );
    let answers = vec![tagged("v1", 200, &index), tagged(&part, 200, &own), blob(configuration())];
    assert_eq!(ask(answers), image(&index));
}

#[test]
fn only_a_registry_that_says_so_has_no_such_image() {
    let missing = r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#;
    assert_eq!(ask(vec![tagged("v1", 404, missing)]), Some(Published::Missing));
    for (status, body) in [(404, "no such page"), (401, missing), (429, ""), (500, missing)] {
        assert_eq!(ask(vec![tagged("v1", status, body)]), None, "{status} {body}");
    }
    // Nobody listens there.
    let (nobody, which) = Loopback::of("127.0.0.1:1/api:v1").unwrap();
    assert_eq!(nobody.published(which), None);
}

#[test]
fn what_is_not_what_its_digest_says_is_not_believed() {
    let forged = configuration().replace("value", "other");
    assert_eq!(ask(vec![tagged("v1", 200, &manifest()), blob(forged)]), None);
}

#[test]
fn a_tag_that_means_the_image_is_not_written_again() {
    let own = manifest();
    let document =
        Document { digest: digest(own.as_bytes()), bytes: own.clone().into(), kind: "it".into() };
    let name = |answers| {
        let reference = format!("{}/api:v1", registry(answers));
        Loopback::of(&reference).unwrap().0.name(&document, "v1")
    };
    // This one refuses to be written to.
    assert!(name(vec![tagged("v1", 200, &own)]));
    assert!(!name(vec![tagged("v1", 200, "{}")]));
    let put = || ("PUT /v2/api/manifests/v1 ".to_owned(), 201, String::new());
    assert!(name(vec![tagged("v1", 200, "{}"), put()]));
}
