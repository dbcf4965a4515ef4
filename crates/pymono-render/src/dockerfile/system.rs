//! What depends on the C library of an image: its system packages and its user.

use pymono_names::{Libc, ServiceName};

use super::HOME;
use crate::instruction::{Run, shell};

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

/// Installs system packages; what is downloaded stays in cache mounts and out of the layer.
pub(super) fn system_packages<'a>(
    image: &str,
    libc: Libc,
    packages: impl Iterator<Item = &'a str>,
) -> Run {
    let packages = packages.collect::<Vec<_>>().join(" ");
    let id = ServiceName::slug(image);
    match libc {
        // apt's own locks do not work across containers, so the mounts are locked, always in this order.
        Libc::Glibc => Run::new(format!(
            "rm -f /etc/apt/apt.conf.d/docker-clean && \\\n    apt-get update && \\\n    \
             apt-get install --yes --no-install-recommends {packages}"
        ))
        .mount(format_args!(
            "type=cache,id=pymono-apt-cache-{id}-$TARGETARCH,target=/var/cache/apt,sharing=locked"
        ))
        .mount(format_args!(
            "type=cache,id=pymono-apt-lists-{id}-$TARGETARCH,target=/var/lib/apt,sharing=locked"
        )),
        // With this folder there, apk keeps in it what it downloads. The option asks anew what there is.
        Libc::Musl => Run::new(format!("apk add --update-cache {packages}")).mount(format_args!(
            "type=cache,id=pymono-apk-{id}-$TARGETARCH,target=/etc/apk/cache,sharing=locked"
        )),
    }
}
