//! What was measured, as Markdown for people and as JSON for programs.

use std::fmt;

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
    pub(super) scenarios: Vec<Measured>,
    /// Absent where there was no registry to push to.
    pub(super) bytes: Option<StoredBytes>,
}

/// One scenario, measured for both sides.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) scenario: Scenario,
    guide: Series,
    pymono: Series,
}

impl Measured {
    /// No measurement yet.
    pub(super) fn new(scenario: Scenario) -> Self {
        Self { scenario, guide: Series::default(), pymono: Series::default() }
    }

    /// The measurements of one side.
    pub(super) fn of(&mut self, peer: Peer) -> &mut Series {
        match peer {
            Peer::Guide => &mut self.guide,
            Peer::Pymono => &mut self.pymono,
        }
    }
}

/// Measurements of one thing, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Series(Vec<Sample>);

impl Series {
    pub(super) fn push(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    fn seconds(&self) -> f64 {
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
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
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
        let Self { version: _, command, machine, scenarios, bytes } = self;
        let repetitions = scenarios.first().map_or(0, |it| it.guide.0.len());
        writeln!(f, "| | guide, s | pymono, s | guide ÷ pymono | RUN steps, guide / pymono |")?;
        writeln!(f, "|---|---:|---:|---:|---:|")?;
        scenarios.iter().try_for_each(|measured| write!(f, "{measured}"))?;
        if let Some(bytes) = bytes {
            write!(f, "{bytes}")?;
        }
        writeln!(f)?;
        writeln!(f, "- medians of {repetitions}, each side first in every other repetition")?;
        writeln!(f, "- only the ratios are claims: seconds are those of this machine and hour")?;
        writeln!(
            f,
            "- guide: a Dockerfile for each service after uv's Docker guide, in one \
             `docker buildx bake --load`; pymono: `pymono build --all`"
        )?;
        writeln!(f, "- {machine}")?;
        writeln!(f, "- `{command}`")
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, guide, pymono } = self;
        let (slow, fast) = (guide.seconds(), pymono.seconds());
        let steps = format!("{} / {}", guide.run_steps(), pymono.run_steps());
        writeln!(f, "| {scenario} | {slow:.1} | {fast:.1} | {:.2} | {steps} |", slow / fast)
    }
}

impl fmt::Display for StoredBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (guide, pymono) = (megabytes(self.guide), megabytes(self.pymono));
        let ratio = guide / pymono;
        let what = "all images in a registry, each layer once, MB";
        writeln!(f, "| {what} | {guide:.0} | {pymono:.0} | {ratio:.2} | |")
    }
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut measured = Measured::new(Scenario::Library);
        for (guide, pymono, run_steps) in [(30.0, 10.0, 1), (24.0, 8.0, 3), (90.0, 9.0, 2)] {
            measured.of(Peer::Guide).push(Sample { seconds: guide, run_steps: 6 });
            measured.of(Peer::Pymono).push(Sample { seconds: pymono, run_steps });
        }
        let machine = Machine {
            system: "linux x86_64".into(),
            cores: 2,
            load: Some(0.25),
            engine: "28.5.2".into(),
            containerd_store: true,
            buildx: "0.29.1".into(),
            uv: "0.13.9".into(),
        };
        let bytes = Some(StoredBytes { guide: 300_000_000, pymono: 200_000_000 });
        let command = "cargo xtask bench shop".into();
        Report { version: 1, command, machine, scenarios: vec![measured], bytes }
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
| | guide, s | pymono, s | guide ÷ pymono | RUN steps, guide / pymono |
|---|---:|---:|---:|---:|
| one line in a library of five services | 30.0 | 9.0 | 3.33 | 6 / 1–3 |
| all images in a registry, each layer once, MB | 300 | 200 | 1.50 | |

- medians of 3, each side first in every other repetition
- only the ratios are claims: seconds are those of this machine and hour
- guide: a Dockerfile for each service after uv's Docker guide, in one `docker buildx bake --load`; pymono: `pymono build --all`
- linux x86_64, 2 cores, load 0.25 at the start; Docker Engine 28.5.2 (containerd image store), buildx 0.29.1, uv 0.13.9
- `cargo xtask bench shop`
";
        assert_eq!(report().to_string(), expected);
    }

    #[test]
    fn the_json_has_every_measurement() {
        let json = serde_json::to_value(report()).unwrap();
        let guide = &json["scenarios"][0]["guide"];
        assert_eq!(guide["median_seconds"], 30.0);
        assert_eq!(guide["samples"][2]["seconds"], 90.0);
        assert_eq!(json["bytes"]["pymono"], 200_000_000);
    }
}
