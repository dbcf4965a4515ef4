//! `pymono plan`

use std::collections::BTreeSet;

use insta::assert_snapshot;
use pymono_tests::{Repo, Site};
use serde_json::Value;

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_plan_shows_who_shares_what_and_what_that_saves() {
    let site = Site::new(Repo::shop("plan"));
    let run = site.pymono(&["plan"]).run().succeeded();
    assert_snapshot!(run.stdout, @"");
}

#[test]
#[ignore = "needs the binary: cargo xtask test"]
fn a_plan_for_programs_is_that_of_the_dockerfile_and_adds_up() {
    let site = Site::new(Repo::shop("plan-json"));
    let text = site.pymono(&["plan", "--json"]).run().succeeded().stdout;
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["version"], 1);
    let rows = |key: &str| plan[key].as_array().unwrap().iter();
    let stored = |row: &Value| row["bytes"]["stored"].as_u64().unwrap_or(0);

    let dockerfile = std::fs::read_to_string(site.bake().join("Dockerfile")).unwrap();
    let built = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM "));
    let built: BTreeSet<&str> = built.filter_map(|line| line.split(" AS ").nth(1)).collect();
    let named = rows("stages").chain(rows("images")).map(|row| row["name"].as_str().unwrap());
    assert_eq!(named.collect::<BTreeSet<_>>(), built);

    let totals = &plan["totals"];
    assert_eq!(totals["shared"]["stored"], rows("stages").map(stored).sum::<u64>());
    assert_eq!(totals["unshared"]["stored"], rows("images").map(stored).sum::<u64>());
    let count = |row: &Value, key: &str| row[key].as_u64().unwrap();
    let copies = rows("distributions").map(|row| stored(row) * count(row, "copies"));
    assert_eq!(totals["shared"]["stored"], copies.sum::<u64>());
    let split = rows("distributions").filter(|row| count(row, "copies") > 1).count();
    assert_eq!(totals["split"], split);
    let pydantic = rows("distributions").find(|row| row["name"] == "pydantic-core").unwrap();
    assert_eq!((count(pydantic, "images"), count(pydantic, "copies")), (5, 1));
}
