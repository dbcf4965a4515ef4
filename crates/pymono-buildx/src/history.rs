//! What happened in the local engine.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pymono_exec::Interrupt;
use serde::{Deserialize, Serialize};
use serde_json::Deserializer;

use crate::{
    Docker, hold,
    reference::{familiar, repository},
};

/// What an engine still knows to have happened in it: its last 256 events, of all kinds, since it was started.
///
/// An image or a name that comes, goes or moves is an event, which stands here once the command that did it
/// has ended; never before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What tells the engine, its version and its store from others: the version comes first.
    engine: String,
    /// The oldest first.
    events: Vec<Event>,
}

/// The last that an engine knew to have happened in it, by which its history is recognised later on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Moment {
    engine: String,
    event: Event,
    /// The greatest time of all events: events are stamped before they are put in order.
    newest: i64,
}

/// The images and names that something may have happened to, as events call them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) names: BTreeSet<String>,
    /// The id that a name means since, where that is all that happened to both.
    pub(crate) named: BTreeMap<String, String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Actor")]
    actor: Actor,
    /// Nanoseconds of the engine's clock since 1970.
    #[serde(rename = "timeNano")]
    time: i64,
}

/// What an event happened to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Actor {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Attributes", default)]
    attributes: Option<Attributes>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Attributes {
    /// An image's reference, or in some events its id.
    #[serde(default)]
    name: String,
}

/// The part that is read of what an engine says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(rename = "ID")]
    id: String,
    driver: String,
    server_version: String,
    /// By its own clock, not by ours.
    system_time: Timestamp,
}

impl Docker {
    /// Asks the engine for its history; nothing where it tells none.
    pub fn history(&self, interrupt: &Interrupt) -> Option<History> {
        let mut engine = self.engine(interrupt)?;
        let info: Info = serde_json::from_slice(&engine.get("/info")?).ok()?;
        // An engine goes on telling what happens until a time has come.
        let (second, part) = (info.system_time.as_second(), info.system_time.subsec_nanosecond());
        let events = engine.get(&format!("/events?since=0&until={second}.{part:09}"))?;
        History::read(&info, &events)
    }
}

impl History {
    /// Reads the events of an engine, a line each.
    fn read(info: &Info, lines: &[u8]) -> Option<Self> {
        let Info { id, driver, server_version, .. } = info;
        let events = Deserializer::from_slice(lines).into_iter().collect::<Result<_, _>>().ok()?;
        let engine = format!("{server_version} {id} {driver}");
        Some(Self { engine, events })
    }

    /// Returns the version of the engine, such as `28.5.2`.
    pub fn version(&self) -> &str {
        self.engine.split(' ').next().unwrap_or_default()
    }

    /// Returns whether nothing is known, so that nothing can be recognised later.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns whether the engine tells, beyond an earlier history, that an image was given a reference.
    ///
    /// Of what BuildKit builds in the engine, some versions tell nothing, and none tells it of an image
    /// that a client has brought.
    pub fn tells(&self, earlier: &Self, reference: &str, id: &str) -> bool {
        let is_it = |event: &Event| {
            event.kind == "image"
                && event.action == "tag"
                && event.actor.id == id
                && familiar(event.name()) == familiar(reference)
        };
        self.events.iter().any(|event| is_it(event) && !earlier.events.contains(event))
    }

    /// Returns whether a moment is one of this engine.
    pub(crate) fn is_of(&self, moment: &Moment) -> bool {
        self.engine == moment.engine
    }

    pub(crate) fn moment(&self) -> Option<Moment> {
        let newest = self.events.iter().map(|event| event.time).max()?;
        let event = self.events.last()?.clone();
        Some(Moment { engine: self.engine.clone(), event, newest })
    }

    /// Returns what happened since a moment, to whatever; nothing where not all of it is known.
    fn since(&self, moment: &Moment) -> Option<impl Iterator<Item = &Event>> {
        self.is_of(moment).then_some(())?;
        let known = self.events.iter().position(|event| *event == moment.event)?;
        let events = self.events.iter().enumerate();
        let new = events.filter(move |(ix, event)| *ix > known || event.time > moment.newest);
        Some(new.map(|(_, event)| event))
    }

    /// Returns how much happened since a moment.
    pub(crate) fn count_since(&self, moment: &Moment) -> Option<usize> {
        self.since(moment).map(Iterator::count)
    }

    /// Returns whether nothing is known to have been pruned from the builder since a moment; not every way tells.
    pub(crate) fn keeps_stages_since(&self, moment: &Moment) -> bool {
        self.since(moment).is_some_and(|mut events| events.all(|event| event.kind != "builder"))
    }

    /// Returns what may have changed in the store since a moment; nothing where that is not known.
    pub(crate) fn touched_since(&self, moment: &Moment) -> Option<Touched> {
        let mut touched = Touched::default();
        let (mut lost, mut unnamed) = (BTreeSet::new(), BTreeSet::new());
        for event in self.since(moment)?.filter(|event| event.kind == "image") {
            let (id, name) = (event.actor.id.clone(), familiar(event.name()).to_owned());
            // Our own second names say nothing of the images.
            if repository(&name) == hold::REPOSITORY {
                continue;
            }
            match event.action.as_str() {
                "push" | "save" => continue,
                // Who comes last of two is not certain.
                "tag" if touched.names.contains(&name) => drop(touched.named.remove(&name)),
                "tag" => drop(touched.named.insert(name.clone(), id.clone())),
                "create" => {}
                // What was pulled is called by its reference; its repository stands as the name.
                "delete" | "pull" | "untag" => {
                    lost.insert(id.clone());
                    unnamed.insert(name.clone());
                }
                // Such as `load`, which does not say what the image is called.
                _ => return None,
            }
            touched.ids.insert(id);
            touched.names.insert(name);
        }
        touched.named.retain(|name, id| !lost.contains(id) && !unnamed.contains(name));
        Some(touched)
    }
}

impl Event {
    fn name(&self) -> &str {
        self.actor.attributes.as_ref().map_or("", |it| &it.name)
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
pub(crate) mod tests;
