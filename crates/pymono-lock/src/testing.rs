//! What the tests of all formats share.

use proptest::{prelude::*, sample::Index};
use pymono_names::{Libc, Platform, Target};

use crate::{Closure, Pin, Selection};

/// Returns a target with glibc on x86-64.
pub(crate) fn target(python: &str) -> Target {
    Target { python: python.parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc }
}

/// Returns a selection of a project that is called `svc`.
pub(crate) fn select(extras: &[&str], groups: &[&str]) -> Selection {
    Selection {
        package: "svc".parse().unwrap(),
        extras: extras.iter().map(|extra| extra.parse().unwrap()).collect(),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
    }
}

/// Returns the pins of a closure as requirements.
pub(crate) fn pins(closure: &Closure) -> Vec<String> {
    let pinned = |pin: &Pin| crate::file::pinned(&pin.name, pin.version.as_ref());
    closure.pins.iter().map(pinned).collect()
}

/// Returns texts that are like `whole`, but torn: cut, with a piece twice, or with noise in it.
pub(crate) fn torn(whole: &'static str) -> impl Strategy<Value = String> {
    let places = (any::<Index>(), any::<Index>(), any::<Index>());
    // What formats give a meaning to is more likely to do harm than letters are.
    let noise = prop_oneof!["\\PC{0,4}", "[\\[\\]{}()\"'=,;@#$^~|*.<>!\\\\\n -]{1,6}", "ä{1,3}"];
    (places, noise, 0..4_u8).prop_map(move |((from, to, at), noise, way)| {
        let place = |index: Index| {
            let byte = index.index(whole.len() + 1);
            (0..=byte).rev().find(|byte| whole.is_char_boundary(*byte)).unwrap_or(0)
        };
        let (from, to) = (place(from).min(place(to)), place(from).max(place(to)));
        let at = place(at);
        match way {
            0 => format!("{}{noise}", &whole[..at]),
            1 => format!("{}{noise}{}", &whole[..from], &whole[to..]),
            2 => format!("{}{}{}", &whole[..at], &whole[from..to], &whole[at..]),
            _ => format!("{}{noise}{}", &whole[..at], &whole[at..]),
        }
    })
}
