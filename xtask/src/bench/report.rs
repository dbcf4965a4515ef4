//! What was measured, as Markdown for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use serde::{Serialize, Serializer};

use super::bytes::StoredBytes;
use super::machine::Machine;
use super::peer::{Peer, Sample};
use super::scenario::Scenario;

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Of this form.
    pub(super) version: u32,
    pub(super) command: String,
    pub(super) machine: Machine,
    /// Processes that wanted to run in the last minute before the end.
    pub(super) load_at_end: Option<f64>,
    pub(super) peers: Vec<Peer>,
    pub(super) scenarios: Vec<Measured>,
    /// Empty where there was no registry to push to.
    pub(super) bytes: BTreeMap<Peer, StoredBytes>,
    /// What of the unique bytes of others pymono's may be at most.
    pub(super) most_bytes: Option<f64>,
}

/// One scenario, measured for all sides.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    #[serde(serialize_with = "words")]
    pub(super) scenario: Scenario,
    pub(super) series: BTreeMap<Peer, Series>,
}

fn words<S: Serializer>(
    scenario: &Scenario,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(scenario)
}

impl Measured {
    /// No measurement yet.
    pub(super) fn new(scenario: Scenario) -> Self {
        Self { scenario, series: BTreeMap::new() }
    }

    /// Adds a measurement of one side.
    pub(super) fn push(&mut self, peer: Peer, sample: Sample) {
        self.series.entry(peer).or_default().0.push(sample);
    }
}

/// Measurements of one thing, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Series(pub(super) Vec<Sample>);

impl Series {
    pub(super) fn seconds(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.seconds).collect())
    }

    /// One number, or the least and the greatest: a step that ran again by
    /// chance must not hide behind a median.
    fn run_steps(&self) -> String {
        let steps = || self.0.iter().map(|sample| sample.run_steps);
        match (steps().min(), steps().max()) {
            (Some(least), Some(greatest)) if least < greatest => format!("{least}–{greatest}"),
            (least, _) => least.unwrap_or_default().to_string(),
        }
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            median_seconds: f64,
            samples: &'a [Sample],
        }
        let median_seconds = self.seconds();
        Form { median_seconds, samples: &self.0 }.serialize(serializer)
    }
}

/// The middle one, or between the middle two. Not a number where there is none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 0) => f64::midpoint(values[middle - 1], values[middle]),
        (middle, _) => values[middle],
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rivals: Vec<Peer> =
            self.peers.iter().copied().filter(|peer| *peer != Peer::Pymono).collect();
        write!(f, "| |")?;
        self.peers.iter().try_for_each(|peer| write!(f, " {peer} |"))?;
        rivals.iter().try_for_each(|rival| write!(f, " pymono ÷ {rival} |"))?;
        writeln!(f, " RUN steps, {} |", join(&self.peers, ToString::to_string))?;
        writeln!(f, "|---|{}", "---:|".repeat(self.peers.len() + rivals.len() + 1))?;
        for Measured { scenario, series } in &self.scenarios {
            let seconds = |peer: &Peer| series.get(peer).map_or(f64::NAN, Series::seconds);
            let steps = |peer: &Peer| series.get(peer).map(Series::run_steps).unwrap_or_default();
            let steps = join(&self.peers, steps);
            self.row(f, &format!("{scenario}, s"), &rivals, seconds, 1, &steps)?;
        }
        if !self.bytes.is_empty() {
            let of = |peer: &Peer, count: fn(&StoredBytes) -> u64| {
                self.bytes.get(peer).map_or(f64::NAN, |bytes| megabytes(count(bytes)))
            };
            let pushed = "pushed to an empty registry, MB";
            self.row(f, pushed, &rivals, |peer| of(peer, |bytes| bytes.pushed), 0, "")?;
            let unique = "all images in it, each layer once, MB";
            self.row(f, unique, &rivals, |peer| of(peer, |bytes| bytes.unique), 0, "")?;
        }
        self.notes(f)?;
        self.bounds(f)?;
        self.spent(f)
    }
}

impl Report {
    /// Prints it, for programs or for people.
    pub(super) fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            print!("{self}");
        }
        Ok(())
    }

    /// One row, with a quantity of each side to so many decimals.
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        rivals: &[Peer],
        quantity: impl Fn(&Peer) -> f64,
        decimals: usize,
        last: &str,
    ) -> fmt::Result {
        write!(f, "| {what} |")?;
        self.peers.iter().try_for_each(|peer| write!(f, " {:.decimals$} |", quantity(peer)))?;
        let own = quantity(&Peer::Pymono);
        rivals.iter().try_for_each(|rival| write!(f, " {:.3} |", own / quantity(rival)))?;
        writeln!(f, " {last} |")
    }

    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = self.scenarios.first().and_then(|it| it.series.values().next());
        let repetitions = series.map_or(0, |series| series.0.len());
        writeln!(f, "\n- medians of {repetitions}, another side first in each repetition")?;
        writeln!(f, "- only the ratios are claims: seconds are those of this machine and hour")?;
        self.peers.iter().try_for_each(|peer| writeln!(f, "- {peer}: {}", peer.way()))?;
        write!(f, "- {}", self.machine)?;
        match self.load_at_end {
            Some(load) => writeln!(f, ", load {load} at the end")?,
            None => writeln!(f)?,
        }
        writeln!(f, "- `{}`", self.command)
    }
}

fn join(peers: &[Peer], word: impl Fn(&Peer) -> String) -> String {
    peers.iter().map(word).collect::<Vec<_>>().join(" / ")
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Change;
    use super::*;

    fn report() -> Report {
        let mut measured = Measured::new(Scenario::new("one line in a library", Change::Nothing));
        for (guide, pymono, run_steps) in [(30.0, 10.0, 1), (24.0, 8.0, 3), (90.0, 9.0, 2)] {
            measured.push(Peer::Guide, Sample { seconds: guide, run_steps: 6, spent: None });
            measured.push(Peer::Pymono, Sample { seconds: pymono, run_steps, spent: None });
        }
        let machine = Machine {
            system: "linux x86_64".into(),
            cores: 2,
            load: Some(0.25),
            engine: "28.5.2".into(),
            containerd_store: true,
            buildx: "0.29.1".into(),
            compose: None,
            uv: "0.13.9".into(),
        };
        let bytes = |pushed, unique| StoredBytes { pushed, unique };
        Report {
            version: 3,
            command: "cargo xtask bench shop".into(),
            machine,
            load_at_end: Some(2.5),
            peers: vec![Peer::Guide, Peer::Pymono],
            scenarios: vec![measured],
            bytes: BTreeMap::from([
                (Peer::Guide, bytes(310_000_000, 300_000_000)),
                (Peer::Pymono, bytes(155_000_000, 150_000_000)),
            ]),
            most_bytes: None,
        }
    }

    #[test]
    fn the_median_is_no_mean() {
        assert_eq!(median(vec![1.0, 90.0, 2.0]).to_string(), "2");
        assert_eq!(median(vec![4.0, 1.0, 90.0, 2.0]).to_string(), "3");
        assert_eq!(median(vec![7.0]).to_string(), "7");
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn the_table_has_medians_ratios_and_what_they_were_measured_on() {
        let expected = "\
| | guide | pymono | pymono ÷ guide | RUN steps, guide / pymono |
|---|---:|---:|---:|---:|
| one line in a library, s | 30.0 | 9.0 | 0.300 | 6 / 1–3 |
| pushed to an empty registry, MB | 310 | 155 | 0.500 |  |
| all images in it, each layer once, MB | 300 | 150 | 0.500 |  |

- medians of 3, another side first in each repetition
- only the ratios are claims: seconds are those of this machine and hour
- guide: a Dockerfile for each service after uv's Docker guide, in one `docker buildx bake --load`
- pymono: `pymono build --all`
- linux x86_64, 2 cores, load 0.25 at the start; Docker Engine 28.5.2 (containerd image store), buildx 0.29.1, no compose, uv 0.13.9, load 2.5 at the end
- `cargo xtask bench shop`
";
        assert_eq!(report().to_string(), expected);
    }

    #[test]
    fn the_json_has_every_measurement() {
        let json = serde_json::to_value(report()).unwrap();
        let guide = &json["scenarios"][0]["series"]["guide"];
        assert_eq!(guide["median_seconds"], 30.0);
        assert_eq!(guide["samples"][2]["seconds"], 90.0);
        assert_eq!(json["bytes"]["pymono"]["unique"], 150_000_000);
    }
}
