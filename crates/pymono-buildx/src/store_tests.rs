use super::*;
use crate::history::tests::{history, tag};

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

fn stored() -> Stored {
    let ids = [
        ("team/api:v1", "sha256:1"),
        ("team/api:v2", "sha256:2"),
        ("api:latest", "sha256:2"),
        ("registry.example:5000/cron:v1", "sha256:3"),
    ];
    Stored {
        repositories: set(&["team/api", "api", "registry.example:5000/cron"]),
        ids: ids.map(|(name, id)| (name.to_owned(), id.to_owned())).into(),
        doubtful: BTreeSet::new(),
    }
}

#[test]
fn a_reference_is_known_by_its_familiar_name() {
    let stored = stored();
    assert_eq!(stored.id("docker.io/team/api:v1"), Some("sha256:1"));
    assert_eq!(stored.id("docker.io/library/api:latest"), Some("sha256:2"));
    assert_eq!(stored.id("registry.example/api:latest"), None);
    assert!(stored.has("sha256:1") && !stored.has("sha256:4"));
}

/// Returns what is asked for after some ids and names were touched.
fn asked(stored: &mut Stored, ids: &[&str], names: &[&str], wanted: &[&str]) -> BTreeSet<String> {
    let named = BTreeMap::new();
    stored.doubt(&Touched { ids: set(ids), names: set(names), named });
    stored.unknown(set(wanted))
}

#[test]
fn only_what_may_have_changed_is_asked_for() {
    let all = ["team/api", "api"];
    assert_eq!(asked(&mut stored(), &[], &[], &all), set(&[]));
    // What has nothing to do with these repositories changes nothing.
    let elsewhere = asked(&mut stored(), &["sha256:8"], &["other:v1", "sha256:8"], &all);
    assert_eq!(elsewhere, set(&[]));
    // A name may be new, or mean another image now; an id tells of all its names.
    let mut own = stored();
    let by_name = asked(&mut own, &["sha256:9"], &["team/api:v1", "team/api:v3"], &all);
    assert_eq!(by_name, set(&["team/api:v1", "team/api:v3"]));
    assert_eq!((own.id("team/api:v1"), own.id("team/api:v2")), (None, Some("sha256:2")));
    let by_id = asked(&mut stored(), &["sha256:2"], &["sha256:2"], &all);
    assert_eq!(by_id, set(&["team/api:v2", "api:latest"]));
    // What was pulled is known by its repository alone.
    let mut own = stored();
    let pulled = asked(&mut own, &["team/api:v1"], &["team/api"], &all);
    assert_eq!((pulled, own.id("team/api:v2")), (set(&["team/api"]), None));
}

#[test]
fn what_is_not_wanted_is_forgotten_before_it_is_asked_for() {
    let mut own = stored();
    let touched = asked(&mut own, &["sha256:3"], &[], &["api", "new"]);
    assert_eq!(touched, set(&["new"]));
    assert_eq!(own.repositories, set(&["team/api", "api", "new"]));
    // Once it is wanted again, all of it has to be asked for.
    let again = asked(&mut own, &[], &[], &["registry.example:5000/cron"]);
    assert_eq!(again, set(&["registry.example:5000/cron"]));
    // As long as nothing has happened to it, it stays.
    let mut own = stored();
    assert_eq!(asked(&mut own, &[], &[], &["api"]), set(&[]));
    assert_eq!(own, stored());
}

#[test]
fn what_a_name_means_now_need_not_be_asked_for() {
    let named = ["team/api:v1", "team/api:v3", "other:v1", "team/new:v1"];
    let mut own = stored();
    own.doubt(&Touched {
        ids: set(&["sha256:2"]),
        names: set(&named),
        named: named.map(|it| (it.to_owned(), "sha256:2".to_owned())).into(),
    });
    // Its other names may have come or gone.
    let all = ["team/api", "api", "team/new"];
    assert_eq!(own.unknown(set(&all)), set(&["team/api:v2", "api:latest", "team/new"]));
    let known = ["team/api:v1", "team/api:v3", "other:v1", "team/new:v1"].map(|it| own.id(it));
    assert_eq!(known, [Some("sha256:2"), Some("sha256:2"), None, None]);
}

#[test]
fn what_is_forgotten_covers_nothing() {
    let first = tag("sha256:7", "other:v1", 7);
    let both = [first.clone(), tag("sha256:8", "team/api:v1", 8)];
    let known = Known::new(&history(&[first]), &stored(), &BTreeSet::new()).unwrap();
    assert!(known.covers(&history(&both), &["api", "team/api"].into(), 8));
    assert!(!known.covers(&history(&both), &["api", "team/api"].into(), 223));
    assert!(!known.covers(&history(&both), &["api", "new"].into(), 8));
    assert!(!known.covers(&history(&both[1..]), &["api"].into(), 8));
}

#[test]
fn what_is_taken_along_to_a_later_moment_is_certain() {
    let first = tag("sha256:7", "other:v1", 7);
    let known =
        Known::new(&history(std::slice::from_ref(&first)), &stored(), &BTreeSet::new()).unwrap();
    // One name means another image since; of the names of an image that is lost nothing is known.
    let named = [first, tag("sha256:8", "team/api:v1", 8), tag("sha256:3", "x:v1", 9)];
    let later = known.later(&history(&named)).unwrap();
    let last = history(&named[2..]);
    assert!(later.covers(&last, &["api", "team/api"].into(), 8));
    assert_eq!(later.still(&last).unwrap().id("team/api:v1"), Some("sha256:8"));
    assert!(!later.covers(&last, &["registry.example:5000/cron"].into(), 8));
    assert_eq!(later.still(&last).unwrap().id("registry.example:5000/cron:v1"), None);
    assert_eq!(known.later(&last), None);
}
