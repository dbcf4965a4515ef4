//! One JSON object an event, for programs.

use pymono_event::{BuildEvent, Observer};
use serde::Serialize;

use crate::{OutputError, Shell};

/// The version of the format; it changes when a reader of the old one would go wrong.
const VERSION: u32 = 1;

/// Writes each event as one line of JSON to standard output.
#[derive(Debug)]
pub struct JsonLines<'a> {
    shell: &'a mut Shell,
    result: Result<(), OutputError>,
}

/// What one line holds.
#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    #[serde(flatten)]
    event: &'a BuildEvent,
}

impl<'a> JsonLines<'a> {
    /// Returns an observer that writes to `shell`.
    pub fn new(shell: &'a mut Shell) -> Self {
        Self { shell, result: Ok(()) }
    }

    /// Returns the first error that writing met.
    pub fn finish(self) -> Result<(), OutputError> {
        self.result
    }

    fn tell(&mut self, event: &BuildEvent) -> Result<(), OutputError> {
        let line = serde_json::to_string(&Line { version: VERSION, event })
            .map_err(std::io::Error::from)?;
        self.shell.print(line)
    }
}

impl Observer for JsonLines<'_> {
    fn observe(&mut self, event: &BuildEvent) {
        if self.result.is_ok() {
            self.result = self.tell(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use pymono_event::{Step, StepState};

    use super::*;
    use crate::{ShellOptions, lines::tests::sample, shell::tests::buffered};

    #[test]
    fn each_event_is_one_line_of_data() {
        let (mut shell, stdout, stderr) = buffered(ShellOptions::default());
        let mut json = JsonLines::new(&mut shell);
        let step = Step {
            digest: "sha256:1".into(),
            name: "[api 2/2] RUN x".into(),
            state: StepState::Failed("exit\ncode".into()),
            started: Some("2026-01-02T03:04:05.6Z".into()),
            completed: None,
        };
        json.observe(&BuildEvent::Stage { service: "api".parse().unwrap(), step });
        json.observe(sample().last().unwrap());
        json.finish().unwrap();
        let text = stdout.text();
        let (stage, summary) = text.split_once('\n').unwrap();
        insta::assert_snapshot!(stage, @r#"{"version":1,"event":"stage","service":"api","step":{"digest":"sha256:1","name":"[api 2/2] RUN x","state":{"failed":"exit\ncode"},"started":"2026-01-02T03:04:05.6Z"}}"#);
        let summary: serde_json::Value = serde_json::from_str(summary).unwrap();
        assert_eq!(summary["seconds"], 123.0);
        assert_eq!(summary["services"][2]["service"], "worker");
        assert_eq!(summary["services"][2]["failure"]["step"], "[worker 2/2] RUN make");
        assert_eq!(stderr.text(), "");
    }
}
