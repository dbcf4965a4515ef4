//! Runs an image and looks whether it does and holds what it should.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::services::{Service, Shows};
use crate::container::Container;
use crate::docker::Docker;
use crate::wait;

const PATIENCE: Duration = Duration::from_secs(60);

/// The user of every image that pymono builds.
const USER: &str = "1001";

/// Prints what an image has no use for: compilers, installers and their caches.
const SUPERFLUOUS: &str = r"
for tool in cc c++ gcc g++ clang ld make rustc cargo uv uvx; do
    command -v $tool
done
find / -xdev -type f '(' -name cc1 -o -name uv -o -name uvx ')'
find / -xdev -type d '(' -path '*/.cache/pip' -o -path '*/.cache/uv' ')'
true
";

/// Runs the image of `service` and returns what it answered.
pub(super) fn answer(docker: &Docker, service: &Service) -> Result<String> {
    match service.shows {
        Shows::Http { port, path, expect } => ask(docker, service.name, port, path, expect),
        Shows::Prints { args, expect } => print(docker, service.name, args, expect),
    }
}

fn ask(docker: &Docker, image: &str, port: u16, path: &str, expect: &str) -> Result<String> {
    let container = Container::start(docker, image, port)?;
    let url = format!("http://{}{path}", container.address()?);
    let body = first_answer(&container, &url).map_err(|error| {
        anyhow!("`GET {path}`: {error:#}; the log of the container ends:\n{}", container.log())
    })?;
    let same = serde_json::from_str::<Value>(&body).ok() == serde_json::from_str(expect).ok();
    ensure!(same, "`GET {path}` answered `{body}`, and not `{expect}`");
    Ok(format!("GET {path} answers {}", body.trim()))
}

/// The first answer with status 200.
fn first_answer(container: &Container, url: &str) -> Result<String> {
    let mut last = "nobody listens".to_owned();
    let answer = wait::until(PATIENCE, || {
        ensure!(container.is_running()?, "the container ended");
        match minreq::get(url).with_timeout(5).send() {
            Ok(answer) if answer.status_code == 200 => {
                return Ok(Some(answer.as_str()?.to_owned()));
            }
            // Docker itself accepts before the service does, and hangs up.
            Ok(answer) => last = format!("status {}, {}", answer.status_code, answer.reason_phrase),
            Err(error) => last = error.to_string(),
        }
        Ok(None)
    })?;
    answer.with_context(|| format!("no good answer within {PATIENCE:?}, last: {last}"))
}

fn print(docker: &Docker, image: &str, args: &[&str], expect: &str) -> Result<String> {
    let printed = docker.tool().args(["run", "--rm", image]).args(args).read()?;
    let Some(line) = printed.lines().find(|line| line.contains(expect)) else {
        bail!("it printed `{}`, and nowhere `{expect}`", printed.trim());
    };
    Ok(format!("prints {}", line.trim()))
}

/// Fails if the image of `service` runs as another user or holds what it has
/// no use for.
pub(super) fn content(docker: &Docker, service: &Service) -> Result<()> {
    let user = docker.tool().args(["run", "--rm", "--entrypoint", "id", service.name, "-u"]);
    let user = user.read()?;
    ensure!(user.trim() == USER, "it runs as uid {}, and not as {USER}", user.trim());
    // Root finds what the service's user may not even look at.
    let look =
        ["run", "--rm", "--user", "0", "--entrypoint", "sh", service.name, "-c", SUPERFLUOUS];
    let found = docker.tool().args(look).read()?;
    let found: Vec<&str> = found.lines().collect();
    ensure!(found.is_empty(), "it holds what it has no use for: {}", found.join(", "));
    Ok(())
}
