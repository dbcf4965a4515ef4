//! Live lines on a terminal.

use std::{
    collections::BTreeMap,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
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

/// So many services have a live line at a time: of many that one client builds at once not all would fit.
const MOST: usize = 12;

/// Shows a build on a terminal: one live line for each service that is built at the moment, or of many for those
/// of which a step runs, below one lasting line for each that has ended.
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
    /// Its live line, unless others have all of them.
    bar: Option<ProgressBar>,
    /// The steps that count, by digest, and whether they are answered from the cache, run or running.
    steps: BTreeMap<String, StepState>,
    /// Steps that run, oldest first: digest and name.
    running: Vec<(String, String)>,
    begun: Instant,
}

impl Default for Service {
    fn default() -> Self {
        Self { bar: None, steps: BTreeMap::new(), running: Vec::new(), begun: Instant::now() }
    }
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
                self.share_lines(service);
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
                if let Some(bar) = self.services.remove(service).and_then(|it| it.bar) {
                    self.live.remove(&bar);
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
        // It may have been begun with others and be built by itself now.
        self.services.entry(service.clone()).or_default().start_again();
        self.share_lines(service);
    }

    /// Gives a service a live line if it wants one and one is left, and takes it from one that lets others go first.
    fn share_lines(&mut self, name: &ServiceName) {
        let shown = self.services.values().filter(|service| service.bar.is_some()).count();
        let is_crowded = self.services.len() > MOST;
        let Some(service) = self.services.get_mut(name) else { return };
        let is_idle = is_crowded && service.running.is_empty();
        if is_idle && let Some(bar) = service.bar.take() {
            self.live.remove(&bar);
        } else if !is_idle && service.bar.is_none() && shown < MOST {
            let template = style("{prefix:>12} {wide_msg} {elapsed:>4}");
            let bar = ProgressBar::new_spinner().with_style(template);
            let bar =
                self.live.insert_before(&self.total, bar.with_elapsed(service.begun.elapsed()));
            bar.set_prefix(name.to_string());
            bar.enable_steady_tick(TICK);
            service.bar = Some(bar);
            service.show();
        }
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
            service.bar.iter().for_each(ProgressBar::finish_and_clear);
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
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{cached} cached, {run} run  {current}"));
        }
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
        bars.services.values().flat_map(|service| &service.bar).for_each(ProgressBar::tick);
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
    fn of_many_services_those_have_a_live_line_of_which_a_step_runs() {
        let (mut shell, _, _) = buffered(ShellOptions::default());
        let terminal = InMemoryTerm::new(40, 60);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut bars = Bars::on(&mut shell, target, Duration::ZERO);
        let names = (0..20).map(|number| ServiceName::slug(&format!("s{number}")));
        let names: Vec<ServiceName> = names.collect();
        let step = |service: &ServiceName, state: StepState| BuildEvent::Stage {
            service: service.clone(),
            step: Step {
                digest: "d".to_owned(),
                name: "[x 1/1] RUN x".to_owned(),
                state,
                started: None,
                completed: None,
            },
        };
        let shown = |bars: &Bars<'_>| {
            let services = bars.services.iter().filter(|(_, it)| it.bar.is_some());
            services.map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        for service in &names {
            bars.observe(&BuildEvent::Started { service: service.clone() });
        }
        assert_eq!(shown(&bars).len(), MOST);
        // Those that wait make room.
        for service in &names {
            bars.observe(&step(service, StepState::Done));
        }
        assert_eq!(shown(&bars), Vec::<String>::new());
        bars.observe(&step(&names[19], StepState::Running));
        assert_eq!(shown(&bars), ["s19"]);
        for service in &names {
            bars.observe(&step(service, StepState::Running));
        }
        assert_eq!(shown(&bars).len(), MOST);
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
