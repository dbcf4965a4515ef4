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
    assert_snapshot!(run.stdout, @r"
    stage                  what                         size      images  which
    uv                     ghcr.io/astral-sh/uv:0.13.9  -         6       admin, catalog, forecast and 3 more
    base-py313             python:3.13-slim             -         6       admin, catalog, forecast and 3 more
    backend-hatchling      hatchling>=1.26              -         5       admin, catalog, report and 2 more
    backend-setuptools     setuptools>=77               -         4       admin, catalog, storefront and 1 more
    backend-uv-build       uv_build>=0.9,<0.14          -         3       admin, storefront, worker
    backend-flit-core      flit-core>=3.11,<4           -         1       forecast
    deps-admin             9 distributions              2.5 MB    1       admin
    deps-admin-and-4-more  5 distributions              4.4 MB    5       admin, catalog, report and 2 more
    deps-catalog           3 distributions              10.5 MB   1       catalog
    deps-forecast          1 distribution               20.4 MB   1       forecast
    deps-report            1 distribution               103.5 kB  1       report
    deps-storefront        17 distributions             13.4 MB   1       storefront
    deps-worker            15 distributions             6.8 MB    1       worker
    pkg-shop-models        libs/models                  -         5       admin, catalog, report and 2 more
    pkg-shop-pricing       libs/pricing                 -         3       catalog, storefront, worker
    pkg-shop-telemetry     libs/telemetry               -         3       admin, storefront, worker
    pkg-admin              services/admin               -         1       admin
    pkg-catalog            services/catalog             -         1       catalog
    pkg-forecast           services/forecast            -         1       forecast
    pkg-report             services/report              -         1       report
    pkg-storefront         services/storefront          -         1       storefront
    pkg-worker             services/worker              -         1       worker
    runtime-py313          python:3.13-slim             -         6       admin, catalog, forecast and 3 more

    image       path                 layers  size     of its own
    admin       services/admin       5       7.0 MB   2.5 MB
    catalog     services/catalog     5       14.9 MB  10.5 MB
    forecast    services/forecast    2       20.4 MB  20.4 MB
    report      services/report      4       4.5 MB   103.5 kB
    storefront  services/storefront  6       17.9 MB  13.4 MB
    worker      services/worker      6       11.2 MB  6.8 MB

    distribution   version  size     images  copies  unshared
    numpy          2.5.5    20.4 MB  1       1       20.4 MB
    pydantic-core  2.50.4   2.9 MB   5       1       14.7 MB
    grpcio         1.85.1   9.6 MB   1       1       9.6 MB
    pydantic       2.14.3   1.3 MB   5       1       6.4 MB
    uvloop         0.23.0   5.8 MB   1       1       5.8 MB
    pyyaml         6.0.3    2.1 MB   1       1       2.1 MB
    wcwidth        0.9.4    2.1 MB   1       1       2.1 MB
    httptools      0.9.0    1.4 MB   1       1       1.4 MB
    celery         5.7.0    1.4 MB   1       1       1.4 MB
    watchfiles     1.3.0    1.2 MB   1       1       1.2 MB

    23 stages for 6 images
    58.2 MB of third-party distributions in a registry, 75.9 MB if nothing were shared (estimated)
    2 distributions installed more than once, where that costs less than a layer
    ");
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
