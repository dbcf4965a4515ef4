//! Where the time of a build goes: the vertices of BuildKit's graph, by kind.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_steps::{Status, Vertex, lines};

/// So many of the longest are kept.
const MOST: usize = 8;

/// A name is cut to so many characters.
const WIDTH: usize = 90;

/// What a vertex does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Installs distributions from an index, or build backends.
    Dependencies,
    /// Installs what lies in the tree.
    Local,
    /// Any other command.
    Run,
    /// Copies of files, and links of them.
    Copy,
    /// Writes layers and manifests, unpacks and loads.
    Export,
    /// Sends contexts and Dockerfiles, and looks up base images.
    Load,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Dependencies, Self::Local, Self::Run, Self::Copy, Self::Export, Self::Load];

    fn of(name: &str) -> Self {
        // A bake puts the target before all that is none of a stage's.
        let instruction = name.split_once("] ").map_or(name, |(_, instruction)| instruction);
        match instruction.split_whitespace().next() {
            Some("exporting" | "importing") => Self::Export,
            Some("RUN") => Self::of_run(name),
            Some("COPY" | "LINK" | "ADD" | "WORKDIR") => Self::Copy,
            _ => Self::Load,
        }
    }

    /// Told by the arguments that each side's own Dockerfiles have.
    fn of_run(name: &str) -> Self {
        let any = |arguments: &[&str]| arguments.iter().any(|it| name.contains(it));
        if any(&["--no-sources", "--no-editable"]) {
            Self::Local
        } else if any(&["/pins.txt", "-r requirements.txt", "--no-install-workspace"]) {
            Self::Dependencies
        } else {
            Self::Run
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dependencies => "RUN, distributions",
            Self::Local => "RUN, local packages",
            Self::Run => "other RUN",
            Self::Copy => "COPY",
            Self::Export => "export and load",
            Self::Load => "contexts and bases",
        })
    }
}

/// Seconds of one build.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spent {
    /// Added up by kind: vertices run beside each other, so the sum is more than the wall time.
    pub(super) kinds: BTreeMap<Kind, f64>,
    /// Wall time in which any vertex ran; all else is the client's.
    pub(super) busy: f64,
    /// The longest vertices, longest first.
    pub(super) longest: Vec<(String, f64)>,
}

impl Spent {
    /// Reads what `docker buildx bake --progress=rawjson` printed.
    pub(super) fn of_bake(stream: &str) -> Self {
        Self::of(lines::<Status>(stream).flat_map(|status| status.vertexes))
    }

    /// Reads what `pymono build --progress json` printed.
    pub(super) fn of_pymono(stream: &str) -> Self {
        #[derive(Deserialize)]
        struct Event {
            step: Vertex,
        }
        Self::of(lines::<Event>(stream).map(|event| event.step))
    }

    fn of(vertices: impl Iterator<Item = Vertex>) -> Self {
        let mut ran = BTreeMap::<String, (String, f64, f64)>::new();
        for Vertex { digest, name, started, completed, .. } in vertices {
            let (Some(start), Some(end)) = (time(started), time(completed)) else { continue };
            // A step that several builds share is told by each of them.
            let last = ran.entry(digest).or_insert_with(|| (name.clone(), start, start));
            if end - start > last.2 - last.1 {
                *last = (name, start, end);
            }
        }
        let mut spent =
            Self { busy: union(ran.values().map(|it| (it.1, it.2))), ..Self::default() };
        for (name, start, end) in ran.into_values() {
            *spent.kinds.entry(Kind::of(&name)).or_default() += end - start;
            spent.longest.push((shortened(&name), end - start));
        }
        spent.longest.sort_by(|one, other| other.1.total_cmp(&one.1));
        spent.longest.truncate(MOST);
        spent
    }
}

/// Seconds since 1970.
fn time(text: Option<String>) -> Option<f64> {
    let time: Timestamp = text?.parse().ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// How long at least one of these lasts.
fn union(intervals: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut intervals: Vec<_> = intervals.collect();
    intervals.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut all, mut until) = (0.0, f64::NEG_INFINITY);
    for (start, end) in intervals {
        all += (end - start.max(until)).max(0.0);
        until = until.max(end);
    }
    all
}

/// Keeps the stage and the end of a command, which tells more than its mounts.
fn shortened(name: &str) -> String {
    let words = name.split_whitespace().filter(|word| !word.starts_with("--mount="));
    let text = words.collect::<Vec<_>>().join(" ").replace('|', "/").replace('`', "'");
    if text.chars().count() <= WIDTH {
        return text;
    }
    text.chars().take(WIDTH).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_what_each_side_writes() {
        for (name, kind) in [
            (
                "[pkg-api 2/2] RUN --network=none uv pip install --no-cache --no-sources /src/api",
                Kind::Local,
            ),
            (
                "[api build 6/6] RUN uv sync --frozen --no-dev --no-editable --package api",
                Kind::Local,
            ),
            (
                "[deps-a 2/2] RUN uv pip install --no-deps --requirements /pins.txt",
                Kind::Dependencies,
            ),
            ("[api build 4/6] RUN uv sync --no-dev --no-install-workspace", Kind::Dependencies),
            (
                "[api build 4/9] RUN uv venv && uv pip install -r requirements.txt",
                Kind::Dependencies,
            ),
            ("[base-3 3/3] RUN uv venv", Kind::Run),
            ("[api 3/4] LINK COPY --link --from=deps /app /app", Kind::Copy),
            ("exporting to image", Kind::Export),
            ("[api] exporting to image", Kind::Export),
            ("[internal] load build context", Kind::Load),
            ("[api 1/4] FROM python", Kind::Load),
        ] {
            assert_eq!(Kind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn what_runs_beside_each_other_is_busy_once_and_what_is_shared_counts_once() {
        let stream = r#"
{"event":"stage","service":"a","step":{"digest":"a","name":"[d 2/2] RUN a","state":"done","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:04Z"}}
{"event":"stage","service":"b","step":{"digest":"a","name":"[d 2/2] RUN a","state":"done","started":"2026-01-01T00:00:01Z","completed":"2026-01-01T00:00:04Z"}}
{"event":"stage","service":"b","step":{"digest":"b","name":"exporting to image","state":"done","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:05.5Z"}}
{"event":"stage","service":"b","step":{"digest":"c","name":"[d 2/2] RUN c","state":"running","started":"2026-01-01T00:00:03Z"}}
{"event":"summary","seconds":1.0,"services":[]}
"#;
        let spent = Spent::of_pymono(stream);
        assert_eq!(spent.kinds, [(Kind::Run, 4.0), (Kind::Export, 2.5)].into());
        assert_eq!(spent.busy.to_string(), "5.5");
        assert_eq!(spent.longest[0], ("[d 2/2] RUN a".to_owned(), 4.0));
    }

    #[test]
    fn an_interval_within_another_adds_nothing() {
        let intervals = [(0.0, 10.0), (2.0, 3.0), (12.0, 13.0)];
        assert_eq!(union(intervals.into_iter()).to_string(), "11");
    }
}
