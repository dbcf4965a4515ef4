//! What a run did, as Markdown for the page of a CI run or a pull request.

use std::{collections::BTreeMap, time::Duration};

use pymono_event::{Failure, Outcome, ServiceReport};
use pymono_names::{Login, ServiceName};

use crate::{
    human::counts,
    text::{bytes, duration, plural, printable, step_name},
};

/// So many reasons of one service are shown.
const MOST_REASONS: usize = 5;

/// What a run found and did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What is affected, where something was compared.
    pub affected: Option<Affected>,
    /// What was built, where something was to be.
    pub built: Option<Builds>,
}

/// The services that differ from a base.
#[derive(Clone, Debug, Default)]
pub struct Affected {
    /// What was compared with, such as the beginning of a commit's id.
    pub base: String,
    /// How many services there are.
    pub all: usize,
    /// The services that are affected, each with its reasons.
    pub services: Vec<(String, Vec<String>)>,
    /// The services that are none any more.
    pub removed: Vec<String>,
}

/// The services that were to be built.
#[derive(Clone, Debug, Default)]
pub struct Builds {
    /// Wall time.
    pub duration: Duration,
    /// Each service and how it ended.
    pub services: Vec<(ServiceName, ServiceReport)>,
    /// The size of each image in bytes, where somebody tells.
    pub sizes: BTreeMap<ServiceName, u64>,
    /// What each image was before, where that was asked for.
    pub before: Option<BTreeMap<ServiceName, Before>>,
}

/// What the image of a service was at the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// There was no such service.
    New,
    /// The image of this many bytes.
    Bytes(u64),
    /// There was one, but nobody has its image.
    Unknown,
}

impl Summary {
    /// Returns the summary in at most `room` bytes: where it does not fit, tables lose their last rows and say so.
    ///
    /// Nothing where there is not even room for the numbers.
    pub fn markdown(&self, room: usize) -> Option<String> {
        let affected = self.affected.as_ref().map_or(0, |it| it.services.len());
        let built = self.built.as_ref().map_or(0, |it| it.services.len());
        let mut rows = affected.max(built);
        loop {
            let text = self.with_rows(rows);
            if text.len() <= room {
                return Some(text);
            }
            if rows == 0 {
                return None;
            }
            rows /= 2;
        }
    }

    fn with_rows(&self, rows: usize) -> String {
        let affected = self.affected.iter().map(|it| it.markdown(rows));
        let built = self.built.iter().map(|it| it.markdown(rows));
        let parts: Vec<String> = affected.chain(built).collect();
        format!("## Container images\n\n{}", parts.join("\n"))
    }
}

impl Affected {
    fn markdown(&self, rows: usize) -> String {
        let Self { base, all, services, removed } = self;
        let is_are = if services.len() == 1 { "is" } else { "are" };
        let mut text = format!(
            "**{} of {} {is_are} affected** since {}.\n",
            services.len(),
            plural(*all, "service"),
            escaped(base),
        );
        if !services.is_empty() && rows > 0 {
            text += "\n| service | why |\n|---|---|\n";
            let row = |(service, reasons): &(String, Vec<String>)| {
                format!("| {} | {} |\n", escaped(service), told(reasons))
            };
            text.extend(services.iter().take(rows).map(row));
        }
        text += &left_out(services.len(), rows);
        if !removed.is_empty() {
            let names: Vec<String> = removed.iter().take(rows).map(|it| escaped(it)).collect();
            text += &format!("\nServices no more: {}\n", names.join(", "));
            text += &left_out(removed.len(), rows);
        }
        text
    }
}

impl Builds {
    fn markdown(&self, rows: usize) -> String {
        let Self { duration: time, services, sizes: _, before } = self;
        let mut text = format!("**{}** in {}.\n", counts(services), duration(*time));
        if !services.is_empty() && rows > 0 {
            let (title, line) =
                if before.is_some() { (" against the base |", "--:|") } else { ("", "") };
            text += &format!("\n| service | outcome | time | steps run | size |{title} image |\n");
            text += &format!("|---|---|--:|--:|--:|{line}---|\n");
            let mut shown: Vec<_> = services.iter().collect();
            // What failed is what a reader looks for, also where not all fits.
            shown.sort_by_key(|(_, report)| report.failure.is_none());
            text.extend(shown.into_iter().take(rows).map(|(name, it)| self.row(name, it)));
        }
        text += &left_out(services.len(), rows);
        let failures = services.iter().filter_map(|(name, it)| Some((name, it.failure.as_ref()?)));
        text.extend(failures.take(rows).map(|(name, failure)| failed(name, failure)));
        text
    }

    fn row(&self, service: &ServiceName, report: &ServiceReport) -> String {
        let time =
            if report.duration.is_zero() { "-".to_owned() } else { duration(report.duration) };
        let outcome = match report.outcome {
            Outcome::Failed => "**failed**".to_owned(),
            Outcome::Skipped => "skipped: exists".to_owned(),
            other => other.as_str().to_owned(),
        };
        let has_image =
            matches!(report.outcome, Outcome::Built | Outcome::Cached | Outcome::Skipped);
        let size = self.sizes.get(service).copied().or(report.size).filter(|_| has_image);
        let unknown = if has_image { "unknown" } else { "-" };
        let change = self.before.as_ref().map(|before| {
            let before = before.get(service).copied().unwrap_or(Before::Unknown);
            format!(" {} |", if has_image { change(before, size) } else { "-".to_owned() })
        });
        format!(
            "| {} | {outcome} | {time} | {} of {} | {} |{} {} |\n",
            escaped(service.as_str()),
            report.steps_run,
            report.steps_run + report.steps_cached,
            size.map_or_else(|| unknown.to_owned(), bytes),
            change.unwrap_or_default(),
            report.images.first().filter(|_| has_image).map_or("-".to_owned(), |it| escaped(it)),
        )
    }
}

/// Returns how much larger or smaller an image is than it was.
fn change(before: Before, now: Option<u64>) -> String {
    match (before, now) {
        (Before::New, _) => "new".to_owned(),
        (Before::Bytes(before), Some(now)) if before == now => "same".to_owned(),
        (Before::Bytes(before), Some(now)) => {
            let sign = if now > before { '+' } else { '−' };
            format!("{sign}{}, from {}", bytes(now.abs_diff(before)), bytes(before))
        }
        (Before::Unknown, _) | (_, None) => "unknown".to_owned(),
    }
}

/// Returns the first of some reasons, in one cell.
fn told(reasons: &[String]) -> String {
    let more = reasons.len().saturating_sub(MOST_REASONS);
    let more = (more > 0).then(|| format!("and {} more", plural(more, "reason")));
    let first = reasons.iter().take(MOST_REASONS).map(|it| escaped(it));
    first.chain(more).collect::<Vec<_>>().join("<br>")
}

fn left_out(all: usize, rows: usize) -> String {
    match all.saturating_sub(rows) {
        0 => String::new(),
        more => format!("\n{} more, for which there is no room here.\n", plural(more, "service")),
    }
}

/// Returns what a failed service said, folded up.
fn failed(service: &ServiceName, Failure { step, message, log }: &Failure) -> String {
    let title = step.as_deref().map_or_else(String::new, |step| format!(": {}", step_name(step)));
    let lines = message.lines().chain(log.iter().map(String::as_str));
    let lines: Vec<String> = lines.map(|it| Login::without_any(&printable(it))).collect();
    // A fence ends at a line of as many marks.
    let longest = lines.iter().map(|line| line.split(|it| it != '`').map(str::len).max());
    let fence = "`".repeat(longest.flatten().max().unwrap_or(0).max(2) + 1);
    format!(
        "\n<details><summary>{} failed{}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
        escaped(service.as_str()),
        escaped(&title),
        lines.join("\n"),
    )
}

/// Returns text in a form that Markdown and HTML show as it is, in a cell of a table too.
///
/// Backslashes would not keep all of this from being HTML, mathematics, mentions or links; entities do,
/// and they never have a meaning of their own in Markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in printable(&Login::without_any(text)).chars() {
        if r"&<>$@:|#\`*_[]~!".contains(character) {
            escaped += &format!("&#{};", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use pymono_event::BuildEvent;

    use super::*;
    use crate::lines::tests::sample;

    /// A run that compared and built.
    fn summary() -> Summary {
        let Some(BuildEvent::Summary { duration, services }) = sample().pop() else {
            panic!("the sample ends with its summary")
        };
        let reasons =
            ["a|b.py", "`x` <b> @team $1$", "3", "4", "5", "6"].map(str::to_owned).to_vec();
        let affected = Affected {
            base: "0123456789ab".into(),
            all: 9,
            services: vec![("services/__a__".into(), reasons)],
            removed: vec!["services/old".into()],
        };
        let named = |name: &str| -> ServiceName { name.parse().unwrap() };
        let before = [
            (named("api"), Before::Bytes(69_000_000)),
            (named("cart"), Before::Bytes(1_234)),
            (named("zoo"), Before::New),
        ];
        let sizes = [(named("zoo"), 5_000_000)].into();
        let built = Builds { duration, services, sizes, before: Some(before.into()) };
        Summary { affected: Some(affected), built: Some(built) }
    }

    #[test]
    fn a_run_is_told_with_reasons_sizes_and_failures() {
        insta::assert_snapshot!(summary().markdown(usize::MAX).unwrap(), @r"
        ## Container images

        **1 of 9 services is affected** since 0123456789ab.

        | service | why |
        |---|---|
        | services/&#95;&#95;a&#95;&#95; | a&#124;b.py<br>&#96;x&#96; &#60;b&#62; &#64;team &#36;1&#36;<br>3<br>4<br>5<br>and 1 reason more |

        Services no more: services/old

        **4 services: 1 built, 1 cached, 1 skipped, 1 failed** in 2 min 03 s.

        | service | outcome | time | steps run | size | against the base | image |
        |---|---|--:|--:|--:|--:|---|
        | worker | **failed** | 2 min 03 s | 0 of 1 | - | - | - |
        | api | built | 12.3 s | 2 of 5 | 69.7 MB | +734.2 kB, from 69.0 MB | registry.example/shop/api&#58;latest |
        | cart | cached | 0.4 s | 0 of 12 | 1.2 kB | same | registry.example/shop/api&#58;latest |
        | zoo | skipped: exists | - | 0 of 0 | 5.0 MB | new | - |

        <details><summary>worker failed&#58; &#91;worker 2/2&#93; RUN make</summary>

        ```text
        exit code: 2
        cc -c x.c

        make: *** [x.o] Error 1
        ```

        </details>
        ");
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_said() {
        let mut summary = summary();
        let services = (0..10_000).map(|it| (format!("services/s{it}"), vec!["x".repeat(200)]));
        summary.affected.as_mut().unwrap().services = services.collect();
        let whole = summary.markdown(usize::MAX).unwrap();
        for room in [whole.len(), whole.len() - 1, 1 << 20, 20_000, 2_000, 500] {
            let text = summary.markdown(room).unwrap();
            assert!(text.len() <= room, "{room}");
            assert!(text.contains("10000 of 9 services"), "{text}");
            let rows = text.matches("| services/s").count();
            let more = format!("{} more", plural(10_000 - rows, "service"));
            assert_eq!(text.contains(&more), rows < 10_000, "{room}");
        }
        assert_eq!(summary.markdown(100), None);
    }

    #[test]
    fn no_text_ends_the_fence_that_it_stands_in() {
        let failure = Failure { step: None, message: "a ````` b".into(), log: vec!["```".into()] };
        let text = failed(&"api".parse().unwrap(), &failure);
        assert_eq!(text.matches("``````").count(), 2, "{text}");
    }
}
