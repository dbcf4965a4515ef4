//! Whether the images of both sides work, so that the comparison is honest.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::listing::Service;
use super::peer::{Peer, Workshop};
use crate::container::Container;
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(60);

/// Of so many services all is looked at, one of every so many others.
const MOST_CHECKED: usize = 12;

/// Of so many services an edit is looked for.
pub(super) const MOST_EDITED: usize = 6;

/// Prints what is installed and, of what comes from a folder and not from an
/// index, every module; imports those of the service, the project that the
/// argument names. A library may have modules that need an extra.
const PROBE: &str = r#"
import importlib, importlib.metadata, sys
for distribution in importlib.metadata.distributions():
    print(distribution.name, distribution.version)
    if distribution.read_text("direct_url.json") is None:
        continue
    for file in distribution.files:
        if file.suffix != ".py":
            continue
        print(file, file.hash.value)
        if distribution.name == sys.argv[1] and file.stem != "__main__":
            parts = [part for part in file.with_suffix("").parts if part != "__init__"]
            print("imports", importlib.import_module(".".join(parts)).__name__)
"#;

/// Fails if a service does not work, or holds something else on one side than
/// on another.
pub(super) fn content(workshop: &Workshop) -> Result<()> {
    let every = workshop.services.len().div_ceil(MOST_CHECKED);
    for service in workshop.services.iter().step_by(every) {
        let name = &service.image;
        let mut first = None;
        for peer in workshop.copies.peers() {
            let content = probe(workshop, *peer, service)?;
            ensure!(content.contains("imports "), "the image of `{name}` has no module of its own");
            let (other, expected) = first.get_or_insert_with(|| (*peer, content.clone()));
            ensure!(
                content == *expected,
                "the images of `{name}` differ; {other}:\n{expected}\n{peer}:\n{content}"
            );
            health(workshop, *peer, service)
                .with_context(|| format!("the image of `{name}` ({peer}) does not work"))?;
        }
    }
    Ok(())
}

/// Fails if `code` prints something else than `expected` in one of the images
/// of `service`.
pub(super) fn prints(
    workshop: &Workshop,
    service: &Service,
    code: &str,
    expected: &str,
) -> Result<()> {
    for &peer in workshop.copies.peers() {
        let printed = python(workshop, peer, service, &[code])?;
        let (printed, name) = (printed.trim(), &service.image);
        ensure!(
            printed == expected,
            "`{code}` in the image of `{name}` ({peer}) prints `{printed}`, and not `{expected}`"
        );
    }
    Ok(())
}

fn probe(workshop: &Workshop, peer: Peer, service: &Service) -> Result<String> {
    let printed = python(workshop, peer, service, &[PROBE, &service.project])?;
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}

fn python(workshop: &Workshop, peer: Peer, service: &Service, code: &[&str]) -> Result<String> {
    let image = workshop.image(peer, service);
    let run = ["run", "--rm", "--entrypoint", "python", &image, "-c"];
    workshop.docker.tool().args(run).args(code).read()
}

/// Runs the image's own command and waits until it answers, if it ever does.
fn health(workshop: &Workshop, peer: Peer, service: &Service) -> Result<()> {
    let Some((port, path)) = &service.health else { return Ok(()) };
    let container = Container::start(&workshop.docker, &workshop.image(peer, service), *port)?;
    let url = format!("http://{}{path}", container.address()?);
    let answer = wait::until(PATIENCE, || {
        ensure!(container.is_running()?, "the container ended; its log:\n{}", container.log());
        let answer = minreq::get(&url).with_timeout(5).send();
        Ok(answer.is_ok_and(|answer| answer.status_code == 200).then_some(()))
    })?;
    answer.with_context(|| format!("`GET {path}`: no good answer within {PATIENCE:?}"))
}
