use super::*;

/// An event as an engine writes it, with more than is read.
fn line(kind: &str, action: &str, id: &str, name: &str, time: i64) -> String {
    format!(
        r#"{{"status":"{action}","id":"{id}","Type":"{kind}","Action":"{action}","Actor":{{"ID":"{id}","Attributes":{{"pymono.fingerprint":"f","name":"{name}"}}}},"scope":"local","time":1,"timeNano":{time}}}"#
    )
}

/// Reads events of one engine.
fn read(lines: &str) -> Option<History> {
    let info = r#"{"ID":"E","Driver":"overlayfs","ServerVersion":"28.5.2","SystemTime":"2026-01-02T03:04:05.678901234Z","More":1}"#;
    History::read(&serde_json::from_str(info).unwrap(), lines.as_bytes())
}

pub(crate) fn history(lines: &[String]) -> History {
    read(&lines.join("\n")).unwrap()
}

pub(crate) fn tag(id: &str, name: &str, time: i64) -> String {
    line("image", "tag", id, name, time)
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn what_stands_behind_a_moment_has_happened_since() {
    let mut lines = vec![tag("sha256:1", "team/api:v1", 10)];
    let moment = history(&lines).moment().unwrap();
    assert_eq!(history(&lines).touched_since(&moment), Some(Touched::default()));

    lines.push(line("container", "exec_create: sh -c true", "c", "web", 20));
    lines.push(line("image", "save", "sha256:9", "sha256:9", 21));
    assert_eq!(history(&lines).touched_since(&moment), Some(Touched::default()));

    lines.push(tag("sha256:2", "docker.io/team/api:v2", 22));
    lines.push(line("image", "untag", "sha256:3", "sha256:3", 23));
    let touched = history(&lines).touched_since(&moment).unwrap();
    assert_eq!(touched.ids, set(&["sha256:2", "sha256:3"]));
    assert!(touched.names.contains("team/api:v2"), "{touched:?}");
    let later = history(&lines).moment().unwrap();
    assert_eq!(history(&lines).touched_since(&later), Some(Touched::default()));
}

#[test]
fn second_names_of_our_own_say_nothing_of_an_image() {
    let mut lines = vec![tag("sha256:1", "api:v1", 10)];
    let moment = history(&lines).moment().unwrap();
    let held = "docker.io/library/pymono-held:0a";
    lines.push(tag("sha256:1", held, 11));
    lines.push(tag("sha256:2", "api:v1", 12));
    lines.push(tag("sha256:2", held, 13));
    lines.push(line("image", "untag", "sha256:2", held, 14));
    let touched = history(&lines).touched_since(&moment).unwrap();
    assert_eq!((touched.ids, touched.names), (set(&["sha256:2"]), set(&["api:v1"])));
    assert_eq!(touched.named, [("api:v1".to_owned(), "sha256:2".to_owned())].into());
    // Somebody else's name that begins so is none of ours.
    lines.push(line("image", "untag", "sha256:2", "pymono-held/api:v1", 15));
    assert!(history(&lines).touched_since(&moment).unwrap().named.is_empty());
}

#[test]
fn nothing_is_known_where_not_all_of_it_is() {
    let first = tag("sha256:1", "api:v1", 10);
    let own = history(std::slice::from_ref(&first));
    let moment = own.moment().unwrap();
    // The moment is forgotten, or another engine has never known it.
    for others in [vec![], vec![tag("sha256:1", "api:v1", 11)], vec![tag("sha256:2", "api:v1", 10)]]
    {
        assert_eq!(history(&others).touched_since(&moment), None, "{others:?}");
    }
    let updated = History { engine: "29.0.0 E overlayfs".into(), ..own };
    assert_eq!(updated.touched_since(&moment), None);
    // Not every event says which images it is about.
    for action in ["load", "import", "prune", "something-new"] {
        let lines = [first.clone(), line("image", action, "sha256:4", "sha256:4", 12)];
        assert_eq!(history(&lines).touched_since(&moment), None, "{action}");
    }
    assert_eq!((history(&[]).moment(), history(&[]).version()), (None, "28.5.2"));
    assert_eq!(read(&format!("{first}\n{{\"Type\":")), None);
}

#[test]
fn an_event_that_is_put_in_order_late_is_not_missed() {
    // Asked until 15, the engine did not tell of the one that was stamped with 16.
    let (hidden, last) = (tag("sha256:1", "api:v1", 16), tag("sha256:2", "cron:v1", 14));
    let moment = history(std::slice::from_ref(&last)).moment().unwrap();
    let touched = history(&[hidden, last]).touched_since(&moment).unwrap();
    assert_eq!(touched.ids, set(&["sha256:1"]));
}

#[test]
fn a_builder_keeps_its_stages_until_somebody_prunes_it() {
    let mut lines = vec![tag("sha256:1", "api:v1", 10)];
    let moment = history(&lines).moment().unwrap();
    lines.push(line("image", "prune", "", "", 11));
    assert!(history(&lines).keeps_stages_since(&moment));
    lines.push(line("builder", "prune", "", "", 12));
    assert!(!history(&lines).keeps_stages_since(&moment));
    assert!(!history(&[]).keeps_stages_since(&moment));
}

#[test]
fn a_name_means_what_it_was_given_where_nothing_else_happened() {
    let first = tag("sha256:0", "other:v1", 1);
    let moment = history(std::slice::from_ref(&first)).moment().unwrap();
    let named = |lines: &[String]| {
        let lines = [std::slice::from_ref(&first), lines].concat();
        let named = history(&lines).touched_since(&moment).unwrap().named;
        named.into_iter().map(|(name, id)| format!("{name} {id}")).collect::<Vec<_>>()
    };
    let created = line("image", "create", "sha256:1", "sha256:1", 10);
    let (api, cron) = (tag("sha256:1", "api:v1", 11), tag("sha256:2", "cron:v1", 12));
    let both = [created, api, cron];
    assert_eq!(named(&both), ["api:v1 sha256:1", "cron:v1 sha256:2"]);
    let more = |line: String| named(&[&both[..], &[line]].concat());
    // It was moved once more, to whatever.
    assert_eq!(more(tag("sha256:2", "docker.io/library/api:v1", 13)), ["cron:v1 sha256:2"]);
    assert_eq!(more(tag("sha256:1", "api:v1", 14)), ["cron:v1 sha256:2"]);
    for action in ["untag", "delete"] {
        assert_eq!(more(line("image", action, "sha256:2", "sha256:2", 15)), ["api:v1 sha256:1"]);
    }
    // A name that goes may have meant another image when that was looked up.
    let untag = more(line("image", "untag", "sha256:9", "api:v1", 15));
    assert_eq!(untag, ["cron:v1 sha256:2"]);
    // A third one is no first one.
    let thrice = [13, 14].map(|time| tag("sha256:3", "api:v1", time));
    assert_eq!(named(&[&both[..], &thrice].concat()), ["cron:v1 sha256:2"]);
}

#[test]
fn an_engine_tells_of_a_build_only_by_what_is_new() {
    let created = line("image", "create", "sha256:1", "sha256:1", 10);
    let built = tag("sha256:1", "api:v1", 11);
    let (nothing, both) = (history(&[]), history(&[created.clone(), built.clone()]));
    assert!(both.tells(&nothing, "docker.io/library/api:v1", "sha256:1"));
    assert!(!both.tells(&nothing, "api:v2", "sha256:1"));
    assert!(!both.tells(&nothing, "api:v1", "sha256:2"));
    assert!(!history(&[created]).tells(&nothing, "api:v1", "sha256:1"));
    assert!(!both.tells(&history(&[built]), "api:v1", "sha256:1"));
}

#[test]
fn a_moment_is_read_back_as_it_was_written() {
    // What a builder prunes has no attributes.
    let prune =
        r#"{"Type":"builder","Action":"prune","Actor":{"ID":"","Attributes":null},"timeNano":7}"#;
    let history = history(&[prune.to_owned()]);
    let moment = history.moment().unwrap();
    let text = serde_json::to_string(&moment).unwrap();
    assert_eq!(serde_json::from_str::<Moment>(&text).unwrap(), moment);
}
