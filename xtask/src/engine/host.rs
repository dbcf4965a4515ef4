//! What this machine is, and whether it can run an engine of its own.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process::Tool;
use crate::progress::Progress;

/// What the engine needs from the host's own packages, and a file by which
/// to see that a package is there.
const PACKAGES: &[(&str, &str)] = &[
    ("runc", "/usr/sbin/runc"),
    ("iptables", "/usr/sbin/iptables"),
    ("iproute2", "/bin/ip"),
    ("dnsmasq-base", "/usr/sbin/dnsmasq"),
    ("mmdebstrap", "/usr/bin/mmdebstrap"),
    ("xz-utils", "/usr/bin/xz"),
    ("ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
    ("debian-archive-keyring", KEYRING),
];

/// The keys that Debian signs its suites with.
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where debootstrap writes down Debian's default mirror.
const DEBOOTSTRAP_SID: &str = "/usr/share/debootstrap/scripts/sid";

/// What to do on a machine that cannot have a private engine.
const ADVICE: &str = "install Docker Engine with buildx 0.17 or newer, start it, \
    and see that `docker version` and `docker buildx version` answer; \
    then run this again";

/// The distributions whose packages we know how to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Debian,
    Ubuntu,
}

/// What `/etc/os-release` says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct OsRelease {
    family: Family,
    codename: Option<String>,
}

/// Whether this machine can have a private engine; an error says why not.
pub(crate) fn is_fit() -> Result<()> {
    os_release()?;
    let user = Tool::new("id").arg("-u").read().unwrap_or_default();
    if user.trim() != "0" {
        bail!("only root can set up a private engine; {ADVICE}");
    }
    Ok(())
}

/// Fails where no private engine can be, and installs what it needs.
pub(super) fn check(progress: &Progress) -> Result<()> {
    is_fit()?;
    let ubuntu = os_release()?.family == Family::Ubuntu;
    let debootstrap = ubuntu.then_some(("debootstrap", DEBOOTSTRAP_SID));
    let missing: Vec<&str> = PACKAGES
        .iter()
        .copied()
        .chain(debootstrap)
        .filter(|(_, file)| !fs::exists(file).unwrap_or(false))
        .map(|(package, _)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    progress.say(format_args!("installing {} with apt-get", missing.join(", ")));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], missing.as_slice()].concat())
}

fn apt_get(args: &[&str]) -> Result<()> {
    Tool::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").quiet()
}

/// The Debian mirror that this machine uses, or else Debian's default.
pub(super) fn mirror() -> Result<String> {
    let release = os_release()?;
    let known = match release.family {
        Family::Debian => configured_mirror(&indexed()?, release.codename.as_deref()),
        Family::Ubuntu => default_mirror(&read(DEBOOTSTRAP_SID)?),
    };
    known.context("found no Debian mirror in apt's sources; add one to `/etc/apt/sources.list`")
}

/// What apt downloads, a suite and its address a line.
fn indexed() -> Result<String> {
    let form = "$(RELEASE) $(REPO_URI)";
    Tool::new("apt-get").args(["indextargets", "--format", form, "Created-By: Packages"]).read()
}

fn configured_mirror(indexed: &str, codename: Option<&str>) -> Option<String> {
    let targets: Vec<(&str, &str)> =
        indexed.lines().filter_map(|line| line.split_once(' ')).collect();
    let of_release = targets.iter().find(|(suite, _)| Some(*suite) == codename);
    // A host on `testing` or `stable` bears a codename that its sources do not.
    let by_name = || targets.iter().find(|(_, uri)| uri.trim_end_matches('/').ends_with("/debian"));
    of_release.or_else(by_name).map(|(_, uri)| (*uri).to_owned())
}

fn default_mirror(script: &str) -> Option<String> {
    let line = script.lines().find_map(|line| line.trim().strip_prefix("default_mirror "))?;
    Some(line.trim().to_owned())
}

fn os_release() -> Result<OsRelease> {
    parse_os_release(&fs::read_to_string("/etc/os-release").unwrap_or_default())
}

fn parse_os_release(text: &str) -> Result<OsRelease> {
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut values = lines.filter(|(name, _)| *name == key);
        values.next().map(|(_, value)| value.trim_matches(['"', '\'']).to_owned())
    };
    let id = value("ID").unwrap_or_default();
    let family = match id.as_str() {
        "debian" => Family::Debian,
        "ubuntu" => Family::Ubuntu,
        _ => bail!("a private engine can be set up only on Debian and Ubuntu; {ADVICE}"),
    };
    Ok(OsRelease { family, codename: value("VERSION_CODENAME") })
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read `{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_ubuntu_are_told_apart() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(
            parse_os_release(debian).unwrap(),
            OsRelease { family: Family::Debian, codename: Some("bookworm".to_owned()) }
        );
        let ubuntu = "ID=\"ubuntu\"\nID_LIKE=debian\nVERSION_CODENAME='noble'\n";
        assert_eq!(
            parse_os_release(ubuntu).unwrap(),
            OsRelease { family: Family::Ubuntu, codename: Some("noble".to_owned()) }
        );
    }

    #[test]
    fn another_system_is_told_what_to_install() {
        for other in ["ID=fedora\nID_LIKE=\"debian\"", ""] {
            let error = parse_os_release(other).unwrap_err().to_string();
            assert!(error.contains("Docker Engine with buildx 0.17"), "{error}");
        }
    }

    #[test]
    fn the_mirror_is_the_one_of_the_hosts_own_release() {
        let indexed = "stable http://vendor.test/apt/\nbookworm http://mirror.test/deb/\n\
                       bookworm-security http://mirror.test/debian-security/\n";
        let mirror = configured_mirror(indexed, Some("bookworm"));
        assert_eq!(mirror.as_deref(), Some("http://mirror.test/deb/"));
        let mirror = configured_mirror("testing http://mirror.test/debian/\n", Some("forky"));
        assert_eq!(mirror.as_deref(), Some("http://mirror.test/debian/"));
        assert_eq!(configured_mirror("stable http://vendor.test/apt/\n", Some("forky")), None);
    }

    #[test]
    fn the_default_mirror_stands_in_a_line_of_its_own() {
        let script = "case x in\n*)\n  default_mirror http://mirror.test/debian\n;;\n";
        assert_eq!(default_mirror(script).as_deref(), Some("http://mirror.test/debian"));
    }
}
