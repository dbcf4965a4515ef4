//! The targets that a `pdm.lock` is for.

use std::fmt;

use pep440_rs::VersionSpecifiers;
use pymono_names::{Libc, Platform, Target};

use super::wire::TargetWire;

/// Some targets that a lock was made for.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) python: Option<VersionSpecifiers>,
    pub(super) platform: Option<String>,
    pub(super) implementation: Option<String>,
}

impl Reach {
    /// Returns true if `target` is among them.
    pub(super) fn covers(&self, target: Target) -> bool {
        let version = target.python.full_version().parse();
        let python = self
            .python
            .as_ref()
            .is_none_or(|range| version.as_ref().is_ok_and(|version| range.contains(version)));
        python
            && self.platform.as_ref().is_none_or(|platform| is_platform(platform, target))
            && self.implementation.as_ref().is_none_or(|name| name.eq_ignore_ascii_case("cpython"))
    }
}

/// Returns true if PDM's name of a platform, such as `manylinux_2_28_aarch64`, is that of `target`.
///
/// `linux` and `alpine` alone mean x86-64. A version of the C library is not
/// looked at: that of an image is not known before it is built.
fn is_platform(name: &str, target: Target) -> bool {
    let (system, machine) = match name {
        "linux" | "alpine" => (name, Platform::Amd64),
        _ => {
            let ends = |machine: &[&str]| {
                machine.iter().find_map(|end| Some(name.strip_suffix(end)?.trim_end_matches('_')))
            };
            match (ends(&["x86_64", "amd64"]), ends(&["aarch64", "arm64"])) {
                (Some(system), _) => (system, Platform::Amd64),
                (_, Some(system)) => (system, Platform::Arm64),
                _ => return false,
            }
        }
    };
    let libc = match system {
        "alpine" => Libc::Musl,
        _ if system.starts_with("musllinux") => Libc::Musl,
        _ if system == "linux" || system.starts_with("manylinux") => Libc::Glibc,
        _ => return false,
    };
    libc == target.libc && machine == target.platform
}

impl From<&TargetWire> for Reach {
    fn from(wire: &TargetWire) -> Self {
        let TargetWire { requires_python, platform, implementation } = wire.clone();
        Self { python: requires_python, platform, implementation }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let python = self.python.as_ref().map(|range| format!("python {range}"));
        let parts = [python, self.platform.clone(), self.implementation.clone()];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" on "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_of_pdm_is_a_machine_and_a_c_library() {
        let target = |platform, libc| Target { python: "3.12".parse().unwrap(), platform, libc };
        for (name, expected) in [
            ("linux", Some((Platform::Amd64, Libc::Glibc))),
            ("alpine", Some((Platform::Amd64, Libc::Musl))),
            ("manylinux_2_28_aarch64", Some((Platform::Arm64, Libc::Glibc))),
            ("manylinux2014_x86_64", Some((Platform::Amd64, Libc::Glibc))),
            ("linux_arm64", Some((Platform::Arm64, Libc::Glibc))),
            ("musllinux_1_2_aarch64", Some((Platform::Arm64, Libc::Musl))),
            ("macos_13_0_arm64", None),
            ("windows_amd64", None),
            ("windows", None),
            ("", None),
        ] {
            for platform in Platform::ALL {
                for libc in [Libc::Glibc, Libc::Musl] {
                    let is = is_platform(name, target(platform, libc));
                    assert_eq!(is, expected == Some((platform, libc)), "{name}");
                }
            }
        }
    }
}
