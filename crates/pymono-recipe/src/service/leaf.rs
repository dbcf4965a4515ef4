//! Which stages of a Dockerfile are images of their own, and what they are for.

use std::collections::BTreeSet;

use pymono_names::TreePath;

use super::Purpose;
use crate::Stage;

/// What a name says that something is for; `None` for what is for tests and documentation.
pub(crate) fn purpose(name: &str) -> Option<Purpose> {
    const DEVELOPMENT: [&str; 9] = [
        "dev",
        "devel",
        "develop",
        "development",
        "debug",
        "debugger",
        "devcontainer",
        "local",
        "override",
    ];
    const NONE: [&str; 17] = [
        "bench",
        "check",
        "ci",
        "coverage",
        "docs",
        "e2e",
        "integration",
        "lint",
        "linter",
        "mypy",
        "pre-commit",
        "smoke",
        "test",
        "tester",
        "testing",
        "tests",
        "typecheck",
    ];
    let parts = || name.split(['.', '-', '_']).map(str::to_lowercase);
    if parts().any(|it| NONE.contains(&it.as_str())) {
        None
    } else if parts().any(|it| DEVELOPMENT.contains(&it.as_str())) {
        Some(Purpose::Development)
    } else {
        Some(Purpose::Production)
    }
}

/// Returns what a recipe's path says that it is for; `None` for one that is no service's.
pub(crate) fn purpose_of(path: &TreePath) -> Option<Purpose> {
    const NONE: [&str; 20] = [
        ".buildkite",
        ".ci",
        ".circleci",
        ".devcontainer",
        ".github",
        ".gitlab",
        ".vscode",
        "ci",
        "doc",
        "docs",
        "e2e",
        "fixtures",
        "node_modules",
        "site-packages",
        "test",
        "testdata",
        "tests",
        "third_party",
        "vendor",
        "vendored",
    ];
    let mut folders = path.parts().rev().skip(1);
    if folders.any(|part| NONE.contains(&part) || part.contains("{{")) {
        return None;
    }
    let name = path.file_name().unwrap_or_default().to_lowercase();
    let said = name.replace("dockerfile", "").replace("docker-compose", "").replace("compose", "");
    purpose(&said)
}

/// Returns what a stage is for. Where none is for production, those for development are what there is.
pub(crate) fn stage_purpose(stages: &[Stage], at: usize) -> Option<Purpose> {
    let said = stages.get(at)?.name.as_deref().map_or(Some(Purpose::Production), purpose);
    said.map(|it| if stages.iter().any(is_production) { it } else { Purpose::Production })
}

fn is_production(stage: &Stage) -> bool {
    stage.name.as_deref().is_none_or(|it| purpose(it) == Some(Purpose::Production))
}

/// Returns the places of the stages that are images: those on which nothing stands but what is for development.
pub(crate) fn leaves(stages: &[Stage]) -> Vec<usize> {
    let any = stages.iter().any(is_production);
    let counts = |stage: &&Stage| !any || is_production(stage);
    let needed: BTreeSet<usize> = stages.iter().filter(counts).flat_map(Stage::needs).collect();
    let leaf =
        |(at, stage): (usize, &Stage)| (counts(&stage) && !needed.contains(&at)).then_some(at);
    stages.iter().enumerate().filter_map(leaf).collect()
}
