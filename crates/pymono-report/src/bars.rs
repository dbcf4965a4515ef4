//! Live lines on a terminal.

use std::{
    collections::BTreeMap,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pymono_event::{BuildEvent, Observer, Step, StepState};
use pymono_names::ServiceName;

use crate::{
    OutputError, Shell, Verbosity, human,
    text::{printable, step_name},
};

/// How long nothing is drawn, so that a build that is answered from the cache stays quiet.
const DELAY: Duration = Duration::from_millis(250);

/// How often the times are drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// Shows a build on a terminal: one live line for each service that is built at the moment, below
/// one lasting line for each that has ended.
#[derive(Debug)]
pub struct Bars<'a> {
    shell: &'a mut Shell,
    live: MultiProgress,
    curtain: Option<Curtain>,
    total: ProgressBar,
    services: BTreeMap<ServiceName, Service>,
    result: Result<(), OutputError>,
}

/// A service that is built at the moment.
#[derive(Debug)]
struct Service {
    bar: ProgressBar,
    /// The steps that count, by digest, and whether they are answered from the cache, run or running.
    steps: BTreeMap<String, StepState>,
    /// Steps that run, oldest first: digest and name.
    running: Vec<(String, String)>,
}

impl<'a> Bars<'a> {
    /// Returns an observer that draws on this process's standard error.
    pub fn new(shell: &'a mut Shell) -> Self {
        Self::on(shell, ProgressDrawTarget::stderr(), DELAY)
    }

    fn on(shell: &'a mut Shell, target: ProgressDrawTarget, delay: Duration) -> Self {
        let live = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let curtain = if shell.verbosity() == Verbosity::Quiet {
            None
        } else {
            Some(Curtain::new(live.clone(), target, delay))
        };
        let total =
            live.add(ProgressBar::no_length().with_style(style("{prefix:>12} {pos}/{len} {msg}")));
        Self { shell, live, curtain, total, services: BTreeMap::new(), result: Ok(()) }
    }

    /// Takes the live lines away and returns the first error that writing met.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.clear();
        self.result
    }

    fn tell(&mut self, event: &BuildEvent) -> Result<(), OutputError> {
        match event {
            BuildEvent::Planned { services } => {
                self.total.set_length(services.len() as u64);
                self.total.set_prefix(
                    self.shell.paint(crate::shell::NEUTRAL, &format!("{:>12}", "Building")),
                );
                self.total.set_message("done");
                Ok(())
            }
            BuildEvent::Started { service } => {
                self.start(service);
                Ok(())
            }
            BuildEvent::Stage { service, step } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.step(step);
                }
                Ok(())
            }
            BuildEvent::Log { service, step: _, line } => self.log(service, line),
            BuildEvent::Retrying { service, message } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.start_again();
                }
                self.above(|shell| human::retrying(shell, service, message))
            }
            BuildEvent::Finished { service, report } => {
                if let Some(service) = self.services.remove(service) {
                    self.live.remove(&service.bar);
                }
                self.total.inc(1);
                self.above(|shell| human::finished(shell, service, report))
            }
            BuildEvent::Summary { duration, services } => {
                self.clear();
                human::summary(self.shell, *duration, services)
            }
        }
    }

    fn start(&mut self, service: &ServiceName) {
        let bar =
            ProgressBar::new_spinner().with_style(style("{prefix:>12} {wide_msg} {elapsed:>4}"));
        let bar = self.live.insert_before(&self.total, bar);
        bar.set_prefix(service.to_string());
        bar.enable_steady_tick(TICK);
        let started = Service { bar, steps: BTreeMap::new(), running: Vec::new() };
        started.show();
        self.services.insert(service.clone(), started);
    }

    fn log(&mut self, service: &ServiceName, line: &str) -> Result<(), OutputError> {
        if self.shell.verbosity() < Verbosity::Verbose {
            return Ok(());
        }
        self.above(|shell| shell.say(format_args!("{service} | {}", printable(line))))
    }

    /// Writes lasting lines above the live ones.
    fn above(
        &mut self,
        write: impl FnOnce(&mut Shell) -> Result<(), OutputError>,
    ) -> Result<(), OutputError> {
        let shell = &mut *self.shell;
        self.live.suspend(|| write(shell))
    }

    /// Takes every live line away, for good.
    fn clear(&mut self) {
        // First, or the lines could appear after they were taken away.
        self.curtain = None;
        for service in std::mem::take(&mut self.services).into_values() {
            service.bar.finish_and_clear();
        }
        self.total.finish_and_clear();
    }
}

impl Observer for Bars<'_> {
    fn observe(&mut self, event: &BuildEvent) {
        if self.result.is_ok() {
            self.result = self.tell(event);
        }
    }
}

impl Service {
    fn step(&mut self, step: &Step) {
        self.running.retain(|(digest, _)| *digest != step.digest);
        if step.state == StepState::Running {
            // The stage tells more than the command, which looks alike for many.
            self.running.push((step.digest.clone(), step_name(&step.name)));
        }
        if step.instruction().is_some() {
            self.steps.insert(step.digest.clone(), step.state.clone());
        }
        self.show();
    }

    fn start_again(&mut self) {
        self.steps.clear();
        self.running.clear();
        self.show();
    }

    fn show(&self) {
        let count = |state: &StepState| self.steps.values().filter(|step| *step == state).count();
        let (cached, run) = (count(&StepState::Cached), count(&StepState::Done));
        let current = self.running.last().map_or("", |(_, name)| name);
        self.bar.set_message(format!("{cached} cached, {run} run  {current}"));
    }
}

/// Hides the live lines for a while.
#[derive(Debug)]
struct Curtain {
    /// Dropped to say that it need not be raised any more.
    stay: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Curtain {
    fn new(live: MultiProgress, target: ProgressDrawTarget, delay: Duration) -> Self {
        let (stay, stayed) = channel::<()>();
        let thread = thread::spawn(move || {
            if stayed.recv_timeout(delay) == Err(RecvTimeoutError::Timeout) {
                live.set_draw_target(target);
            }
        });
        Self { stay: Some(stay), thread: Some(thread) }
    }
}

impl Drop for Curtain {
    fn drop(&mut self) {
        self.stay = None;
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic but what indicatif does.
            let _ = thread.join();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates above are constants, which the tests have drawn.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;
    use crate::{
        ShellOptions,
        lines::tests::{observe_all, sample},
        shell::tests::buffered,
    };

    #[test]
    fn running_services_have_a_live_line_and_ended_ones_a_lasting_one() {
        let (mut shell, _, stderr) = buffered(ShellOptions::default());
        let terminal = InMemoryTerm::new(20, 60);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut bars = Bars::on(&mut shell, target, Duration::ZERO);
        while bars.live.is_hidden() {
            thread::yield_now();
        }
        let events = sample();
        let (running, ended) = events.split_at(5);
        observe_all(&mut bars, running);
        bars.services.values().for_each(|service| service.bar.tick());
        let drawn = terminal.contents();
        assert!(
            drawn.starts_with("         api 0 cached, 0 run  [common 2/2] RUN uv pip"),
            "{drawn}"
        );
        assert!(drawn.ends_with("\n    Building 0/4 done"), "{drawn}");
        observe_all(&mut bars, ended);
        bars.finish().unwrap();
        assert_eq!(terminal.contents(), "");
        assert!(
            stderr.text().starts_with(
                "warning: cart: no such job; trying again\n       Built api in 12.3 s"
            )
        );
    }

    #[test]
    fn a_quick_build_draws_nothing() {
        let (mut shell, _, _) = buffered(ShellOptions::default());
        let terminal = InMemoryTerm::new(20, 60);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut bars = Bars::on(&mut shell, target, Duration::from_secs(3600));
        observe_all(&mut bars, &sample());
        bars.finish().unwrap();
        assert_eq!(terminal.moves_since_last_check(), "");
    }
}
