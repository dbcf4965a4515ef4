//! An image whose name another one takes is there until that one is whole.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pymono_tests::{Site, until};
use serde_json::Value;

use crate::remembered::repo;

/// How second names begin.
const HELD: &str = "pymono-held:";

/// Returns what an engine knows to have happened to images, as action, name and id.
fn events(site: &Site) -> Vec<[String; 3]> {
    let now = site.docker.tool(&["info", "--format", "{{.SystemTime}}"]).read();
    let options =
        ["--since=0", "--until", now.trim(), "--filter=type=image", "--format={{json .}}"];
    let text = site.docker.tool(&["events"]).args(options).read();
    let read = |line| -> [String; 3] {
        let event: Value = serde_json::from_str(line).unwrap();
        let actor = &event["Actor"];
        [&event["Action"], &actor["Attributes"]["name"], &actor["ID"]]
            .map(|it| it.as_str().unwrap().to_owned())
    };
    text.lines().map(read).collect()
}

/// Builds both images anew and returns their ids, first that of `api`.
fn renew(site: &Site) -> [String; 2] {
    for service in ["api", "cron"] {
        let file = format!("services/{service}/word");
        site.repo.write(&file, &format!("{} again", site.repo.read(&file)));
    }
    let run = site.build(&["--all"]);
    assert_eq!(run.outcomes(), [("api", "built"), ("cron", "built")].into());
    let id = |service| {
        let image = site.repo.image(service);
        let text = site.docker.tool(&["image", "inspect", "--format={{.Id}}", &image]).read();
        text.trim().to_owned()
    };
    ["api", "cron"].map(id)
}

/// Builds both images anew until the engine still tells all of it, and returns the second name of the image of `api`.
fn held(site: &Site) -> String {
    let mut old = renew(site);
    until("a build of which the engine tells all", || {
        let new = renew(site);
        let events = events(site);
        let mut second = String::new();
        for (service, (old, new)) in ["cron", "api"].iter().zip(old.iter().zip(&new).rev()) {
            let begins =
                |it: &&[String; 3]| it[0] == "tag" && it[2] == *old && it[1].starts_with(HELD);
            let Some([_, held, _]) = events.iter().rev().find(begins) else {
                return Err(format!("{service} {events:?}"));
            };
            // Others may happen in between.
            let own: Vec<_> = events
                .iter()
                .filter(|it| it[1] == *held || it[1].ends_with(&site.repo.image(service)))
                .map(|[action, name, id]| (action.as_str(), name.starts_with(HELD), id))
                .collect();
            let last = own.len().saturating_sub(4);
            let expected =
                [("tag", true, old), ("tag", false, new), ("tag", true, new), ("untag", true, new)];
            if own[last..] != expected {
                return Err(format!("{service} {own:?}"));
            }
            second.clone_from(held);
        }
        old = new;
        Ok(second)
    })
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_is_held_until_another_one_has_taken_its_place() {
    let site = Site::new(repo());
    site.build(&["--all"]);
    let second = held(&site);
    let names = || site.docker.tool(&["image", "ls", "--format={{.Repository}}:{{.Tag}}"]).read();
    assert!(!names().contains(&second), "{}", names());

    // Runs that were killed long ago have left two names: the only one of an image, and one beside somebody's own.
    let image = site.repo.image("api");
    let [left, other] = renew(&site);
    let [second, third] =
        [&left, &other].map(|id| format!("{HELD}1-{}", id.trim_start_matches("sha256:")));
    let kept = format!("{}/kept:v1", site.repo.unique());
    for (image, name) in [(&image, &second), (&other, &third), (&other, &kept)] {
        site.docker.tool(&["image", "tag", image, name]).read();
    }
    site.docker.tool(&["image", "rm", &image]).read();
    assert!(site.docker.has(&left));
    renew(&site);
    assert!(!names().contains(&second) && !names().contains(&third), "{}", names());
    assert!(!site.docker.has(&left), "nothing but a second name held it");
    assert!(site.docker.has(&kept), "{}", names());
    site.docker.remove_images(&format!("{}/", site.repo.unique()));
}
