//! Which wheels fit a target.
//!
//! The rules are those of the [platform compatibility tags][tags]. A wheel for
//! any version of a C library counts as fitting: an image's own version is not
//! known before it is built. So the hashes of a pin are a superset of what the
//! installer in the image may choose from, and it chooses by the real version.
//! Where all wheels are for a newer one than the image has, a pin that counts as
//! having a wheel fails in its build, by name, and never in a service: no wheel
//! that the installer refuses gets into an image.
//!
//! [tags]: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/

use pymono_names::{Libc, Target};

/// The tags in the file name of a wheel: three sets, of which every combination holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WheelTags<'a> {
    python: &'a str,
    abi: &'a str,
    platform: &'a str,
}

impl<'a> WheelTags<'a> {
    /// Reads the tags of a wheel's file name.
    ///
    /// The name has [five parts, or six with a build tag][spec]; nothing is
    /// returned for any other.
    ///
    /// [spec]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
    pub fn parse(file_name: &'a str) -> Option<Self> {
        let parts: Vec<_> = file_name.strip_suffix(".whl")?.split('-').collect();
        let (build, [python, abi, platform]) = match parts[..] {
            [_, _, python, abi, platform] => (None, [python, abi, platform]),
            [_, _, build, python, abi, platform] => (Some(build), [python, abi, platform]),
            _ => return None,
        };
        let sound = parts.iter().all(|part| !part.is_empty())
            && build.is_none_or(|build| build.starts_with(|first: char| first.is_ascii_digit()));
        sound.then_some(Self { python, abi, platform })
    }

    /// Returns true if the wheel can be installed on `target`.
    pub fn fit(self, target: Target) -> bool {
        self.platform.split('.').any(|platform| match Place::of(platform, target) {
            Some(Place::Anywhere) => self
                .combinations()
                .any(|(python, abi)| abi == "none" && fits_python(python, target)),
            Some(Place::Here) => {
                self.combinations().any(|(python, abi)| fits_binary(python, abi, target))
            }
            None => false,
        })
    }

    fn combinations(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.python
            .split('.')
            .flat_map(move |python| self.abi.split('.').map(move |abi| (python, abi)))
    }
}

/// How a platform tag fits.
enum Place {
    /// On every platform.
    Anywhere,
    /// On the target's platform.
    Here,
}

impl Place {
    fn of(tag: &str, target: Target) -> Option<Self> {
        if tag == "any" {
            return Some(Self::Anywhere);
        }
        let system = tag.strip_suffix(target.platform.machine())?.strip_suffix('_')?;
        let fits = system == "linux"
            || match target.libc {
                Libc::Glibc => {
                    matches!(system, "manylinux1" | "manylinux2010" | "manylinux2014")
                        || versioned(system, "manylinux_")
                }
                Libc::Musl => versioned(system, "musllinux_"),
            };
        fits.then_some(Self::Here)
    }
}

/// Returns true for `prefix`, a number, `_` and a number.
fn versioned(system: &str, prefix: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().is_ok();
    system
        .strip_prefix(prefix)
        .and_then(|version| version.split_once('_'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

/// Returns true if a wheel with compiled code for `python` and `abi` runs on the target's Python.
///
/// `cp313t` is the ABI of another build of Python 3.13 and is not `cp313`.
fn fits_binary(python: &str, abi: &str, target: Target) -> bool {
    match abi {
        "none" => fits_python(python, target),
        // The stable ABI came with Python 3.2, and later versions keep it.
        "abi3" => {
            minor_of(python, "cp3").is_some_and(|minor| (2..=target.python.minor).contains(&minor))
        }
        _ => abi == python && minor_of(python, "cp3") == Some(target.python.minor),
    }
}

/// Returns true if a wheel for `python` that needs no ABI runs on the target's Python.
fn fits_python(python: &str, target: Target) -> bool {
    python == "py3"
        || minor_of(python, "py3").is_some_and(|minor| minor <= target.python.minor)
        || minor_of(python, "cp3") == Some(target.python.minor)
}

fn minor_of(python: &str, prefix: &str) -> Option<u8> {
    let minor = python.strip_prefix(prefix)?;
    minor.bytes().all(|byte| byte.is_ascii_digit()).then(|| minor.parse().ok())?
}

#[cfg(test)]
mod tests {
    use pymono_names::Platform;

    use super::*;

    fn target(python: &str, platform: Platform, libc: Libc) -> Target {
        Target { python: python.parse().unwrap(), platform, libc }
    }

    fn fits(tags: &str, target: Target) -> bool {
        WheelTags::parse(&format!("some_name-1.0-{tags}.whl")).unwrap().fit(target)
    }

    fn check(target: Target, fitting: &[&str], other: &[&str]) {
        for tags in fitting {
            assert!(fits(tags, target), "{tags} fits {target:?}");
        }
        for tags in other {
            assert!(!fits(tags, target), "{tags} does not fit {target:?}");
        }
    }

    #[test]
    fn pure_wheels_fit_if_python_does() {
        check(
            target("3.11", Platform::Amd64, Libc::Glibc),
            &[
                "py3-none-any",
                "py2.py3-none-any",
                "py38-none-any",
                "py311-none-any",
                "cp311-none-any",
            ],
            &["py2-none-any", "py312-none-any", "cp310-none-any", "pp3-none-any", "py3-abi3-any"],
        );
    }

    #[test]
    fn an_abi_fits_only_its_own_python() {
        check(
            target("3.13", Platform::Amd64, Libc::Glibc),
            &[
                "cp313-cp313-linux_x86_64",
                "cp312.cp313-cp312.cp313-linux_x86_64",
                "cp313-none-linux_x86_64",
            ],
            &[
                "cp313-cp313t-linux_x86_64",
                "cp313t-cp313t-linux_x86_64",
                "cp312-cp312-linux_x86_64",
                "cp312-cp313-linux_x86_64",
                "cp312-none-linux_x86_64",
                "pp313-pypy313_pp73-linux_x86_64",
            ],
        );
    }

    #[test]
    fn the_stable_abi_of_an_older_python_fits_a_newer_one() {
        check(
            target("3.11", Platform::Amd64, Libc::Glibc),
            &[
                "cp32-abi3-linux_x86_64",
                "cp37-abi3-linux_x86_64",
                "cp311-abi3-linux_x86_64",
                "cp36.cp39-abi3-linux_x86_64",
            ],
            &["cp312-abi3-linux_x86_64", "cp31-abi3-linux_x86_64", "cp39-abi3t-linux_x86_64"],
        );
    }

    #[test]
    fn any_glibc_counts_as_old_enough() {
        check(
            target("3.12", Platform::Amd64, Libc::Glibc),
            &[
                "cp312-cp312-manylinux1_x86_64",
                "cp312-cp312-manylinux2010_x86_64",
                "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
                "cp312-cp312-manylinux_2_39_x86_64",
                "py3-none-manylinux2014_x86_64",
            ],
            &[
                "cp312-cp312-musllinux_1_2_x86_64",
                "cp312-cp312-manylinux2014_aarch64",
                "cp312-cp312-manylinux_2_17_i686",
                "cp312-cp312-manylinux_2_x86_64",
                "cp312-cp312-manylinux_x86_64",
                "cp312-cp312-macosx_11_0_x86_64",
                "cp312-cp312-win_amd64",
            ],
        );
    }

    #[test]
    fn musl_and_glibc_have_no_binary_wheel_in_common() {
        check(
            target("3.12", Platform::Arm64, Libc::Musl),
            &[
                "cp312-cp312-musllinux_1_1_aarch64",
                "cp39-abi3-musllinux_1_2_aarch64",
                "py3-none-any",
            ],
            &[
                "cp312-cp312-manylinux_2_17_aarch64",
                "cp312-cp312-manylinux2014_aarch64",
                "cp312-cp312-musllinux_1_1_x86_64",
            ],
        );
    }

    #[test]
    fn a_build_tag_starts_with_a_digit_and_changes_nothing() {
        let here = target("3.12", Platform::Amd64, Libc::Glibc);
        assert!(fits("1-py3-none-any", here));
        assert!(fits("0editable-py3-none-any", here));
        assert_eq!(WheelTags::parse("some_name-1.0-build-py3-none-any.whl"), None);
    }

    #[test]
    fn what_is_no_wheel_has_no_tags() {
        for name in [
            "a-1.0.tar.gz",
            "a.whl",
            "a-1.0-py3-none.whl",
            "a-1.0-1-2-py3-none-any.whl",
            "a-1.0--none-any.whl",
            "ä-–.whl",
            "",
        ] {
            assert_eq!(WheelTags::parse(name), None, "{name}");
        }
    }
}
