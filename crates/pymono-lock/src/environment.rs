//! The environment that markers see.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use pymono_names::Target;

/// Returns the marker environment of `CPython` on `target`.
///
/// Nothing of the machine that this runs on goes in. The kernel's release and
/// version are empty, since an image cannot know which kernel will run it.
pub(crate) fn environment(target: Target) -> MarkerEnvironment {
    let full = target.python.full_version();
    let builder = MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: target.platform.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &target.python.minor_version(),
        sys_platform: "linux",
    };
    builder.try_into().expect("three numbers with dots between them are a version")
}

#[cfg(test)]
mod tests {
    use pep508_rs::MarkerTree;
    use pymono_names::{Libc, Platform};

    use super::*;

    #[test]
    fn markers_see_the_image_and_not_the_host() {
        let target =
            Target { python: "3.11".parse().unwrap(), platform: Platform::Arm64, libc: Libc::Musl };
        let holds = |marker: &str| {
            marker.parse::<MarkerTree>().unwrap().evaluate(&environment(target), &[])
        };
        for marker in [
            "implementation_name == 'cpython'",
            "os_name == 'posix'",
            "platform_machine == 'aarch64'",
            "platform_python_implementation == 'CPython'",
            "platform_release == '' and platform_version == ''",
            "platform_system == 'Linux'",
            "python_version == '3.11'",
            "python_full_version >= '3.11.9' and python_full_version < '3.12'",
            "sys_platform == 'linux'",
        ] {
            assert!(holds(marker), "{marker}");
        }
        assert!(!holds("python_full_version < '3.11.3'"), "the newest patch is meant");
    }
}
