//! Which variables have which value at a place in a Dockerfile.

use std::collections::BTreeMap;

use super::{Arguments, Config};
use crate::expand::{Escape, Expanded, expand};

/// The variables that are known at one place.
///
/// `ENV` wins over `ARG`; an `ARG` before the first `FROM` is known only to
/// `FROM`s, and to a stage that names it again.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    /// What the build was given.
    given: &'a Arguments,
    /// Those before the first `FROM`, with their value.
    global: BTreeMap<String, String>,
    /// Those of the stage.
    local: BTreeMap<String, String>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(given: &'a Arguments) -> Self {
        Self { given, global: BTreeMap::new(), local: BTreeMap::new() }
    }

    /// Takes note of an `ARG` before the first `FROM`.
    pub(crate) fn declare_global(&mut self, name: &str, default: Option<&str>) {
        let default = default.map(|it| self.in_from(it).text);
        if let Some(value) = self.given.get(name).cloned().or(default) {
            self.global.insert(name.to_owned(), value);
        }
    }

    /// Takes note of an `ARG` in a stage.
    pub(crate) fn declare(&mut self, name: &str, default: Option<&str>, config: &Config) {
        let default = default.map(|it| self.in_stage(it, config).text);
        let global = || self.global.get(name).cloned();
        if let Some(value) = self.given.get(name).cloned().or(default).or_else(global) {
            self.local.insert(name.to_owned(), value);
        }
    }

    /// Returns the arguments of the stage, to be known to stages on top of it.
    pub(crate) fn local(&self) -> &BTreeMap<String, String> {
        &self.local
    }

    /// Begins a stage that knows what the one below it knew.
    pub(crate) fn begin(&mut self, below: BTreeMap<String, String>) {
        self.local = below;
    }

    /// Replaces the variables in a `FROM`.
    pub(crate) fn in_from(&self, text: &str) -> Expanded {
        expand(text, Escape::Backslash, &|name| {
            self.global.get(name).cloned().or_else(|| platform(name))
        })
    }

    /// Replaces the variables in an instruction of a stage.
    pub(crate) fn in_stage(&self, text: &str, config: &Config) -> Expanded {
        let env = |name: &str| config.env.get(name).map(|it| it.value.clone());
        expand(text, Escape::Backslash, &|name| env(name).or_else(|| self.local.get(name).cloned()))
    }
}

/// Returns what BuildKit gives to every `FROM`; what pymono builds for is Linux.
fn platform(name: &str) -> Option<String> {
    ["BUILDPLATFORM", "TARGETPLATFORM"].contains(&name).then(|| "linux/amd64".to_owned())
}
