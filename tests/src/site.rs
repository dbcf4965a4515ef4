//! A repository and the engine that its images are built on.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use camino::Utf8PathBuf;

use crate::{Docker, Finished, Repo, Run, Tool, settings};

/// A repository and an engine; its images go when it goes.
pub struct Site {
    /// The repository.
    pub repo: Repo,
    /// The engine.
    pub docker: Docker,
}

impl Site {
    /// Puts `repo` on the engine that the environment names.
    pub fn new(repo: Repo) -> Self {
        Self { repo, docker: Docker::main() }
    }

    /// Puts `repo` on the engine that listens there.
    pub fn on(repo: Repo, host: String) -> Self {
        Self { repo, docker: Docker::at(host) }
    }

    /// Returns `pymono` with these arguments, not yet started.
    pub fn pymono(&self, args: &[&str]) -> Tool {
        let tool = Tool::new(settings::pymono()).args(["-C", self.repo.root().as_str()]).args(args);
        // What is remembered from build to build is this test's own.
        self.docker.reached_by(tool.env("XDG_CACHE_HOME", self.cache()))
    }

    /// Returns the folder of the user's caches, as pymono is told.
    pub fn cache(&self) -> Utf8PathBuf {
        self.repo.outside().join("cache")
    }

    /// Runs `pymono build --progress json` with these arguments, whatever comes of it.
    ///
    /// Of standard output only the reports on services that failed are kept as text.
    pub fn try_build(&self, args: &[&str]) -> (Finished, Run) {
        let mut finished = self.pymono(&[&["build", "--progress", "json"], args].concat()).run();
        let run = Run::after(&finished.earlier, &finished.stdout);
        // What went wrong is found easier in the reports on what did.
        let failed = run.reports().filter(|report| !report["failure"].is_null());
        finished.stdout = failed.map(|report| format!("{report:#}\n")).collect();
        (finished, run)
    }

    /// Builds with these arguments, which must succeed, and returns what happened.
    pub fn build(&self, args: &[&str]) -> Run {
        let (finished, run) = self.try_build(args);
        let _ = finished.succeeded();
        run
    }

    /// Makes a docker client that does something before it is the real one, and returns the `PATH` where it is found.
    pub fn client_that(&self, does: &str) -> String {
        let folder = self.repo.outside().join("bin");
        fs::create_dir_all(&folder).unwrap();
        let path = Tool::new("sh").args(["-c", "echo $PATH"]).read();
        let (path, client) = (path.trim(), folder.join("docker"));
        let script = format!("#!/bin/sh\n{does}\nPATH='{path}' exec docker \"$@\"\n");
        fs::write(&client, script).unwrap();
        fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{folder}:{path}")
    }

    /// Builds with a docker client that notes what it is asked, and returns that beside what happened.
    pub fn noted(&self, args: &[&str]) -> (Run, Vec<String>) {
        let log = self.repo.outside().join("log");
        let path = self.client_that(&format!("echo \"$*\" >> '{log}'"));
        fs::write(&log, "").unwrap();
        let build = self.pymono(&[&["build", "--progress", "json"], args].concat());
        let run = build.env("PATH", path).run().succeeded();
        let asked = fs::read_to_string(&log).unwrap();
        (Run::read(&run.stdout), asked.lines().map(str::to_owned).collect())
    }

    /// Writes the files of `pymono bake` and returns the folder that they are in.
    pub fn bake(&self) -> Utf8PathBuf {
        let _ = self.pymono(&["bake"]).run().succeeded();
        self.repo.root().join(".pymono")
    }

    /// Returns the text of `file` in the cache mount that a build has at `target`; nothing if it has left none.
    pub fn read_cache(&self, target: &str, file: &str) -> String {
        self.docker.read_cache(&self.cache_id(target), file)
    }

    /// Runs a command of a shell that sees at `/cache` what a build has at `target`, and returns what it prints.
    pub fn in_cache(&self, target: &str, command: &str) -> String {
        self.docker.in_cache(&self.cache_id(target), command)
    }

    /// Returns the id of the one cache mount that builds have at `target`.
    fn cache_id(&self, target: &str) -> String {
        let dockerfile = self.repo.read(".pymono/state/Dockerfile");
        let end = format!(",target={target}");
        let mounts = dockerfile.split_whitespace().filter_map(|word| word.strip_suffix(&end));
        let ids: BTreeSet<_> =
            mounts.filter_map(|mount| mount.strip_prefix("--mount=type=cache,id=")).collect();
        assert_eq!(ids.len(), 1, "a cache mount at `{target}`: {ids:?}");
        ids.into_iter().collect()
    }

    /// Runs the image of `service` as it is and returns what it prints.
    pub fn answer(&self, service: &str) -> String {
        self.docker.run(&self.repo.image(service), &[]).trim().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.docker.remove_images(&format!("{}/", self.repo.unique()));
    }
}
