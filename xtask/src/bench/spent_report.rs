//! The parts of a report that say what was missed, and where the time goes.

use std::collections::BTreeMap;
use std::fmt;

use super::peer::{Peer, Sample};
use super::report::{Measured, Report};
use super::vertices::{Kind, Spent};

impl Report {
    /// Says of each bound whether it is kept.
    pub(super) fn bounds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<Row> =
            self.scenarios.iter().flat_map(bounded).chain(self.byte_rows()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| pymono beside | | is | at most, with 40 services | |\n|---|---|---:|---:|---|"
        )?;
        for Row { what, rival, ratio, most } in rows {
            let verdict = if ratio <= most { "kept" } else { "**missed**" };
            writeln!(f, "| {rival} | {what} | {ratio:.3} | {most} | {verdict} |")?;
        }
        Ok(())
    }

    fn byte_rows(&self) -> impl Iterator<Item = Row> {
        let unique = |peer: Peer| {
            let bytes = self.bytes.get(&peer)?.unique / 1000;
            u32::try_from(bytes).ok().map(f64::from)
        };
        let rivals = self.peers.iter().filter(|peer| matches!(peer, Peer::Guide | Peer::Expert));
        rivals.filter_map(move |rival| {
            let ratio = unique(Peer::Pymono)? / unique(*rival)?;
            Some(Row { what: "unique bytes".into(), rival: *rival, ratio, most: self.most_bytes? })
        })
    }

    /// Says where the time goes, of the last measurement of each scenario and side.
    pub(super) fn spent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.scenarios.iter().flat_map(last).collect();
        if rows.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\nWhere the time goes, s (the last measurement; vertices run beside each other, so kinds add up to more):\n\n"
        )?;
        write!(f, "| | | wall | any vertex runs | none does |")?;
        Kind::ALL.iter().try_for_each(|kind| write!(f, " {kind} |"))?;
        writeln!(f, "\n|---|---|{}", "---:|".repeat(Kind::ALL.len() + 3))?;
        for (measured, peer, Sample { seconds, .. }, spent) in &rows {
            let (busy, idle) = (spent.busy, (seconds - spent.busy).max(0.0));
            write!(f, "| {} | {peer} | {seconds:.1} | {busy:.1} | {idle:.1} |", measured.scenario)?;
            let of = |kind| spent.kinds.get(kind).copied().unwrap_or_default();
            Kind::ALL.iter().try_for_each(|kind| write!(f, " {:.1} |", of(kind)))?;
            writeln!(f)?;
        }
        let missed = rows.iter().filter(|(measured, peer, ..)| {
            *peer == Peer::Pymono && bounded(measured).any(|row| row.ratio > row.most)
        });
        for (measured, _, _, spent) in missed.filter(|(.., spent)| !spent.longest.is_empty()) {
            writeln!(f, "\nThe longest vertices of pymono, {}:\n", measured.scenario)?;
            for (name, seconds) in &spent.longest {
                writeln!(f, "- {seconds:.2} s: `{name}`")?;
            }
        }
        Ok(())
    }
}

/// A bound and what it bounds.
struct Row {
    what: String,
    rival: Peer,
    ratio: f64,
    most: f64,
}

fn bounded(measured: &Measured) -> impl Iterator<Item = Row> {
    let seconds = |peer: &Peer| Some(measured.series.get(peer)?.seconds());
    let bounds: &BTreeMap<Peer, f64> = &measured.scenario.bounds;
    bounds.iter().filter_map(move |(rival, most)| {
        let ratio = seconds(&Peer::Pymono)? / seconds(rival)?;
        Some(Row { what: measured.scenario.to_string(), rival: *rival, ratio, most: *most })
    })
}

/// The last measurement of each side that tells where its time went.
fn last(measured: &Measured) -> impl Iterator<Item = (&Measured, Peer, &Sample, &Spent)> {
    measured.series.iter().filter_map(move |(peer, series)| {
        let sample = series.0.last()?;
        Some((measured, *peer, sample, sample.spent.as_ref()?))
    })
}
