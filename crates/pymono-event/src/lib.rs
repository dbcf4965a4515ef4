//! What happens in a build, as data: the interface between the driver and whoever shows it.
//!
//! The driver sends events from one thread, in the order in which they
//! happened; it never learns what a terminal is. A failed image is an outcome,
//! not an error.

use std::time::Duration;

use pymono_names::ServiceName;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that happened while images were built.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum BuildEvent {
    /// The services that will be built, in plan order; sent once, first.
    Planned {
        /// The services.
        services: Vec<ServiceName>,
    },
    /// A service's build process was started.
    Started {
        /// The service.
        service: ServiceName,
    },
    /// A step of a service's build changed its state.
    Stage {
        /// The service.
        service: ServiceName,
        /// The step and its state.
        step: Step,
    },
    /// A step printed a line.
    Log {
        /// The service.
        service: ServiceName,
        /// The step's name.
        step: String,
        /// The line, without its end.
        line: String,
    },
    /// A service's build met a passing fault and starts again; its steps are told anew.
    Retrying {
        /// The service.
        service: ServiceName,
        /// The fault, in the words of BuildKit or the docker client.
        message: String,
    },
    /// A service's build ended, whatever its outcome.
    Finished {
        /// The service.
        service: ServiceName,
        /// How it ended.
        report: ServiceReport,
    },
    /// All builds ended; sent once, last.
    Summary {
        /// Wall time from first start to last end.
        #[serde(rename = "seconds", serialize_with = "as_seconds")]
        #[schemars(with = "f64")]
        duration: Duration,
        /// Every service and how it ended, in plan order.
        #[serde(serialize_with = "as_rows")]
        #[schemars(with = "Vec<Row<'static>>")]
        services: Vec<(ServiceName, ServiceReport)>,
    },
}

/// One step of a build (a vertex of BuildKit's graph).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// BuildKit's digest of the step: equal steps of two services have one digest.
    pub digest: String,
    /// The step as BuildKit prints it, such as `[deps-api 2/2] RUN uv pip install …`.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// When it began, as BuildKit tells it: a point in time of RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
}

impl Step {
    /// Returns the instruction of the Dockerfile that this step executes, such as `RUN uv pip install …`.
    ///
    /// Only what can take time or make a layer counts: `RUN`, `COPY`, `ADD` and
    /// `WORKDIR` of a numbered step (`[stage 2/5] RUN …`). Pulls (`FROM`), the
    /// linking of copied layers (`LINK COPY …`), transfers and exports do not.
    pub fn instruction(&self) -> Option<&str> {
        let (place, instruction) = self.name.strip_prefix('[')?.split_once("] ")?;
        let (step, of) = place.rsplit(' ').next()?.split_once('/')?;
        let number = |text: &str| text.parse::<u32>().is_ok();
        let keyword = instruction.split_whitespace().next()?;
        let counts = matches!(keyword, "RUN" | "COPY" | "ADD" | "WORKDIR");
        (number(step) && number(of) && counts).then_some(instruction)
    }
}

/// How far a step of a build is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// It runs.
    Running,
    /// It was answered from the cache.
    Cached,
    /// It ran to its end.
    Done,
    /// It failed, with BuildKit's words.
    Failed(String),
    /// It was stopped because something else failed or the user interrupted.
    Cancelled,
}

/// How a service's build ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// At least one step ran.
    Built,
    /// Every step was answered from the cache.
    Cached,
    /// Not built, because the image exists already.
    Skipped,
    /// A step failed.
    Failed,
    /// Stopped or not even started, by the user or because another failed.
    Cancelled,
}

impl Outcome {
    /// Returns whether this build has made what it was to make, or found it in the cache.
    pub fn is_made(self) -> bool {
        matches!(self, Self::Built | Self::Cached)
    }

    /// Returns the outcome as one word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Cached => "cached",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How a service's build ended, with all that a table wants to show.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// The outcome.
    pub outcome: Outcome,
    /// Wall time of its process.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    #[schemars(with = "f64")]
    pub duration: Duration,
    /// Steps that were answered from the cache.
    pub steps_cached: usize,
    /// Steps that ran. Copies and commands count; loading of sources and exports do not.
    pub steps_run: usize,
    /// References of the image, such as `api:latest`.
    pub images: Vec<String>,
    /// Digest of the image, where it was built.
    pub digest: Option<String>,
    /// Size of the image in bytes, where the store tells and is asked: not about more than 8 images, but for a summary.
    pub size: Option<u64>,
    /// What went wrong, for a failed service.
    pub failure: Option<Failure>,
}

/// What went wrong in a service's build.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Failure {
    /// The step that failed, where one did.
    pub step: Option<String>,
    /// What BuildKit or the docker client said.
    pub message: String,
    /// The last lines that the step printed.
    pub log: Vec<String>,
}

/// Receives events, from one thread, in the order in which they happened.
pub trait Observer {
    /// Takes note of one event.
    fn observe(&mut self, event: &BuildEvent);
}

impl Observer for Vec<BuildEvent> {
    fn observe(&mut self, event: &BuildEvent) {
        self.push(event.clone());
    }
}

/// A service in a summary.
#[derive(JsonSchema, Serialize)]
struct Row<'a> {
    service: &'a ServiceName,
    #[serde(flatten)]
    report: &'a ServiceReport,
}

/// Writes each service as one object, its name beside its report.
fn as_rows<S: serde::Serializer>(
    services: &[(ServiceName, ServiceReport)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(services.iter().map(|(service, report)| Row { service, report }))
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // Milliseconds are all that a build's time means.
    let milliseconds = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    serializer.serialize_f64(f64::from(milliseconds) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(name: &str) -> Option<String> {
        let step = Step {
            digest: String::new(),
            name: name.to_owned(),
            state: StepState::Running,
            started: None,
            completed: None,
        };
        step.instruction().map(str::to_owned)
    }

    #[test]
    fn only_numbered_instructions_of_a_dockerfile_count() {
        for name in ["[api 2/4] RUN x", "[2/4] RUN x", "[linux/amd64 api 2/4] RUN x"] {
            assert_eq!(instruction(name).as_deref(), Some("RUN x"), "{name}");
        }
        for name in [
            "[internal] load build context",
            "[auth] library/python:pull token",
            "[context core] load from client",
            "[api 1/4] FROM docker.io/library/python:3.13-slim",
            "[api 3/4] LINK COPY --link --from=deps /app /app",
            "exporting to image",
            "[api] COPY x",
            "",
        ] {
            assert_eq!(instruction(name), None, "{name}");
        }
    }
}
