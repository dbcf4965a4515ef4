//! System packages, by the C library of the image that they are for.

use std::collections::BTreeSet;

use pymono_names::Libc;
use pymono_workspace::Project;

use crate::FleetError;

/// Whose system packages, and in which image.
pub(crate) struct System<'a> {
    /// The project that asks for them.
    pub(crate) project: &'a Project,
    /// The C library of the image.
    pub(crate) libc: Libc,
    /// The image.
    pub(crate) image: &'a str,
}

impl<'a> System<'a> {
    /// Returns the packages of the runtime image.
    pub(crate) fn of_runtime(&self) -> Result<&'a BTreeSet<String>, FleetError> {
        let settings = &self.project.settings;
        self.fitting(("apt", &settings.apt), ("apk", &settings.apk))
    }

    /// Returns the packages of builds.
    pub(crate) fn of_builds(&self) -> Result<&'a BTreeSet<String>, FleetError> {
        let settings = &self.project.settings;
        self.fitting(("build-apt", &settings.build_apt), ("build-apk", &settings.build_apk))
    }

    /// Returns the packages that the image can have.
    ///
    /// Who names both serves images of both kinds; who names the others alone would miss theirs.
    fn fitting(
        &self,
        debian: (&'static str, &'a BTreeSet<String>),
        alpine: (&'static str, &'a BTreeSet<String>),
    ) -> Result<&'a BTreeSet<String>, FleetError> {
        let (fitting, other) = match self.libc {
            Libc::Glibc => (debian, alpine),
            Libc::Musl => (alpine, debian),
        };
        if fitting.1.is_empty() && !other.1.is_empty() {
            return Err(FleetError::SystemPackages {
                project: self.project.path.clone(),
                key: other.0,
                instead: fitting.0,
                image: self.image.to_owned(),
                libc: self.libc,
            });
        }
        Ok(fitting.1)
    }
}
