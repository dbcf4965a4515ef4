//! What depends on the C library of an image: its system packages and its user.

use std::collections::BTreeSet;

use pymono_names::{Libc, ServiceName};

use super::HOME;
use crate::{
    instruction::{Run, shell},
    pins,
    words::without_digest,
};

/// The program that leads apt to a state of Debian's archive.
pub(crate) const SNAPSHOT: &str = include_str!("snapshot.sh");

/// The name of its file.
pub(crate) const SNAPSHOT_NAME: &str = "snapshot.sh";

/// Returns a command, with `; ` after it, that fails where an image has another C library than it is
/// taken for; nothing where the image's own publisher tells by the tag.
///
/// `getconf` is a part of glibc, and that of musl does not know this variable.
pub(super) fn expect(libc: Libc, image: &str) -> String {
    if image.starts_with("python:") {
        return String::new();
    }
    let (is_so, other) = match libc {
        Libc::Glibc => ("getconf GNU_LIBC_VERSION >/dev/null 2>&1", "musl"),
        Libc::Musl => ("! getconf GNU_LIBC_VERSION >/dev/null 2>&1", "glibc"),
    };
    let message = format!(
        "pymono: {image} is taken for an image with {}, which it is not; `libc = \"{other}\"` says that it has {other}",
        libc.as_str()
    );
    format!("{is_so} || {{ echo {} >&2; exit 1; }}; \\\n    ", shell(&message))
}

/// Returns the command that makes the folder which everything lies in, and a user who is not root, unless
/// the image has one with this id.
pub(super) fn home(libc: Libc, image: &str, user: u32) -> String {
    let folder = format!("mkdir -p {HOME}");
    let add = match libc {
        _ if user == 0 => return folder,
        Libc::Glibc => {
            format!("useradd --uid {user} --create-home --shell /usr/sbin/nologin app")
        }
        Libc::Musl => format!("adduser -D -u {user} -s /sbin/nologin app"),
    };
    let expect = expect(libc, image);
    format!("{folder} && \\\n    {{ {expect}getent passwd {user} || {add}; }}")
}

/// System packages, and where they go.
pub(super) struct Packages<'a> {
    /// The image that they are installed in.
    pub(super) image: &'a str,
    /// Its C library.
    pub(super) libc: Libc,
    /// The packages.
    pub(super) apt: &'a BTreeSet<String>,
    /// The state of Debian's archive that they are taken from.
    pub(super) snapshot: Option<&'a str>,
}

/// Installs system packages; what is downloaded stays in cache mounts and out of the layer.
pub(super) fn system_packages<'a>(
    Packages { image, libc, apt: _, snapshot }: &Packages<'_>,
    packages: impl Iterator<Item = &'a str>,
) -> Run {
    let packages = packages.collect::<Vec<_>>().join(" ");
    let id = ServiceName::slug(without_digest(image));
    match libc {
        Libc::Glibc => {
            let (before, after) = match snapshot {
                Some(time) => (
                    format!("export APT_CONFIG=\"$(sh /tmp/{SNAPSHOT_NAME} {time})\" && \\\n    "),
                    " && \\\n    rm -r /tmp/snapshot",
                ),
                None => (String::new(), ""),
            };
            let run = Run::new(format!(
                "{before}rm -f /etc/apt/apt.conf.d/docker-clean && \\\n    apt-get update && \\\n    \
                 apt-get install --yes --no-install-recommends {packages}{after}"
            ));
            let run = match snapshot {
                Some(_) => run.mount(pins::mount(SNAPSHOT_NAME, &format!("/tmp/{SNAPSHOT_NAME}"))),
                None => run,
            };
            // apt's own locks do not work across containers, so the mounts are locked, always in this order.
            run.mount(format_args!(
                "type=cache,id=pymono-apt-cache-{id}-$TARGETARCH,target=/var/cache/apt,sharing=locked"
            ))
            .mount(format_args!(
                "type=cache,id=pymono-apt-lists-{id}-$TARGETARCH,target=/var/lib/apt,sharing=locked"
            ))
        }
        // With this folder there, apk keeps in it what it downloads. The option asks anew what there is.
        Libc::Musl => Run::new(format!("apk add --update-cache {packages}")).mount(format_args!(
            "type=cache,id=pymono-apk-{id}-$TARGETARCH,target=/etc/apk/cache,sharing=locked"
        )),
    }
}
