//! What `pymono build --progress json` tells.

use std::collections::BTreeMap;

use serde_json::Value;

/// The events of one run.
#[derive(Debug)]
pub struct Run {
    /// Each line, in the order in which they came.
    pub events: Vec<Value>,
}

impl Run {
    /// Reads what a run printed, and of those before it, which an outage ended, what steps they did:
    /// their results are there and no step is done twice.
    pub fn after(earlier: &str, text: &str) -> Self {
        let mut events = Self::read(earlier).events;
        events.retain(|event| event["event"] == "stage");
        events.extend(Self::read(text).events);
        Self { events }
    }

    /// Reads events, one a line.
    pub fn read(text: &str) -> Self {
        let event = |line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("`{line}` is no event: {error}"))
        };
        Self { events: text.lines().map(event).collect() }
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["event"] == kind)
    }

    /// Returns the report on each service, as the summary has it.
    pub fn reports(&self) -> impl Iterator<Item = &Value> {
        self.of_kind("summary").filter_map(|event| event["services"].as_array()).flatten()
    }

    /// Returns how each service ended.
    pub fn outcomes(&self) -> BTreeMap<&str, &str> {
        self.reports().filter_map(|report| service_and(report, "outcome")).collect()
    }

    /// Returns the report on one service.
    pub fn report(&self, service: &str) -> &Value {
        let report = self.reports().find(|report| report["service"] == service);
        report.unwrap_or_else(|| panic!("there is no report on `{service}`"))
    }

    /// Returns the digest of each service's image.
    pub fn digests(&self) -> BTreeMap<&str, &str> {
        self.reports().filter_map(|report| service_and(report, "digest")).collect()
    }

    /// Returns the instructions that really ran, each once, whichever services waited for it.
    ///
    /// They are written as BuildKit does, `[stage 2/2] RUN …`.
    pub fn ran(&self, keyword: &str) -> Vec<&str> {
        let mut ran = BTreeMap::new();
        for event in self.of_kind("stage") {
            let step = &event["step"];
            let (Some(digest), Some(name)) = (step["digest"].as_str(), step["name"].as_str())
            else {
                panic!("a step has no digest or name: {event}");
            };
            let instruction = name.split_once("] ").map(|(_, instruction)| instruction);
            if step["state"] == "done"
                && name.starts_with('[')
                && instruction.is_some_and(|text| text.starts_with(keyword))
            {
                ran.insert(digest, name);
            }
        }
        ran.into_values().collect()
    }

    /// Returns the stages whose `RUN` instructions really ran, as often as they did, in order.
    pub fn stages(&self) -> Vec<&str> {
        let ran = self.ran("RUN ").into_iter();
        let stages = ran.filter_map(|name| name.strip_prefix('[')?.split_whitespace().next());
        let mut stages: Vec<_> = stages.collect();
        stages.sort_unstable();
        stages
    }
}

fn service_and<'a>(report: &'a Value, key: &str) -> Option<(&'a str, &'a str)> {
    Some((report["service"].as_str()?, report[key].as_str()?))
}
