use pymono_names::Libc;

use super::*;

fn hash(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn lock() -> ImageLock {
    let key = |requires: &str, index: &str| BackendKey {
        requires: vec![requires.to_owned()],
        from_source: requires.contains("=="),
        index: index.to_owned(),
        python: "3.13".parse().unwrap(),
    };
    let pin = |requirement: &str, marker: Option<&str>| BackendPin {
        requirement: requirement.to_owned(),
        marker: marker.map(str::to_owned),
        hashes: [hash('1'), hash('2')].into(),
    };
    ImageLock {
        images: [("python:3.13-slim".to_owned(), hash('a'))].into(),
        backends: [
            (key("hatchling>=1.26", "default"), vec![pin("hatchling==1.27.0", None)]),
            (
                key("numpy", "https://index.example/simple"),
                vec![pin("numpy==2.0", Some("platform_machine == 'x86_64'"))],
            ),
            (key("docopt==0.6.2", "default"), vec![pin("setuptools==80.9.0", None)]),
        ]
        .into(),
        untold: [key("early==1.0", "default")].into(),
        apt_snapshot: Some("20260131T000000Z".to_owned()),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let text = lock().text();
    assert_eq!(ImageLock::parse(&text), Ok(lock()), "{text}");
    assert_eq!(ImageLock::parse(&text).unwrap().text(), text);
    assert!(text.contains("reference = \"python:3.13-slim\"\n"), "{text}");
    assert!(text.contains("[[source]]\ndistribution = \"docopt==0.6.2\"\n"), "{text}");
}

#[test]
fn what_a_lock_does_not_have_is_not_in_its_text() {
    let lock = ImageLock { backends: BTreeMap::new(), untold: BTreeSet::new(), ..lock() };
    assert!(!lock.text().contains("source"), "{}", lock.text());
    assert_eq!(ImageLock::parse(&lock.text()), Ok(lock));
}

#[test]
fn an_error_tells_the_line_and_what_to_do() {
    let text = lock().text();
    let digest = text.lines().position(|line| line.starts_with("digest")).unwrap() + 1;
    for (old, new, line, message) in [
        (hash('a'), "sha256:abc".to_owned(), Some(digest), "the digest of `python:3.13-slim`"),
        ("version = 1".to_owned(), "version = 9".to_owned(), Some(2), "version 9"),
        ("reference =".to_owned(), "refrence =".to_owned(), Some(digest - 1), "refrence"),
        ("20260131T000000Z".to_owned(), "yesterday".to_owned(), Some(3), "the snapshot"),
        ("hatchling==".to_owned(), "--index-url=".to_owned(), None, "the requirement"),
        ("'x86_64'".to_owned(), "x86".to_owned(), None, "the marker of `numpy==2.0`"),
    ] {
        let error = ImageLock::parse(&text.replace(&old, &new)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.line.is_some() && line.is_none_or(|it| error.line == Some(it)), "{error:?}");
        assert!(error.hint().unwrap().contains("`pymono lock`"), "{error:?}");
    }
}

#[test]
fn nothing_is_locked_twice() {
    let text = lock().text();
    let start = text.find("[[image]]").unwrap();
    let end = text.find("[[backend]]").unwrap();
    let error = ImageLock::parse(&format!("{text}\n{}", &text[start..end])).unwrap_err();
    assert!(error.to_string().contains("`python:3.13-slim` is locked twice"), "{error}");
}

#[test]
fn what_uv_finds_is_read_with_markers_and_hashes() {
    let text = format!(
        "# a comment\na==1.0 ; sys_platform == 'win32' \\\n    --hash={} \\\n    --hash={}\n\
         b @ https://index.example/b.zip;x \\\n    --hash={}\nc==2\n",
        hash('1'),
        hash('2'),
        hash('3')
    );
    let pins = BackendPin::resolved(&text).unwrap();
    let names: Vec<&str> = pins.iter().map(|pin| pin.requirement.as_str()).collect();
    assert_eq!(names, ["a==1.0", "b @ https://index.example/b.zip;x", "c==2"]);
    assert_eq!(pins[0].hashes.len(), 2);
    let on = |pin: &BackendPin| pin.platforms("3.13".parse().unwrap(), Libc::Glibc).len();
    assert_eq!(pins.iter().map(on).collect::<Vec<_>>(), [0, 2, 2]);
    assert!(BackendPin::resolved("--index-url https://index.example\n").is_err());
    assert!(BackendPin::resolved("a==1 ; nonsense\n").is_err());
}

#[test]
fn a_pin_is_for_those_platforms_that_need_it() {
    let pins = &lock().backends.into_values().nth(2).unwrap();
    let platforms = pins[0].platforms("3.13".parse().unwrap(), Libc::Musl);
    assert_eq!(platforms.into_iter().collect::<Vec<_>>(), [Platform::Amd64]);
}
