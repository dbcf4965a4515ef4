//! The engine, as a person would use it.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Finished, Tool, Tree, tree};

/// An engine.
#[derive(Clone, Debug, Default)]
pub struct Docker {
    /// Where it listens, if that is not where the environment says.
    host: Option<String>,
}

impl Docker {
    /// Returns the engine that the environment names.
    pub fn main() -> Self {
        Self::default()
    }

    /// Returns the engine that listens there.
    pub fn at(host: String) -> Self {
        Self { host: Some(host) }
    }

    /// Lets `tool` and its children find the engine.
    #[must_use]
    pub fn reached_by(&self, tool: Tool) -> Tool {
        match &self.host {
            Some(host) => tool.env("DOCKER_HOST", host),
            None => tool,
        }
    }

    /// Returns the address under which build steps and containers reach this machine.
    pub fn gateway(&self) -> String {
        let format = "{{(index .IPAM.Config 0).Gateway}}";
        self.tool(&["network", "inspect", "bridge", "--format", format]).read().trim().to_owned()
    }

    /// Returns `docker` with these arguments, not yet started.
    pub fn tool(&self, args: &[&str]) -> Tool {
        self.reached_by(Tool::new("docker").args(args))
    }

    /// Runs a command, or its own, in a container of `image` and returns what it prints.
    pub fn run(&self, image: &str, command: &[&str]) -> String {
        self.tool(&["run", "--rm", image]).args(command).read()
    }

    /// Runs a command of a shell, as root, who sees all, and returns what it prints.
    pub fn shell(&self, image: &str, command: &str) -> String {
        let run = ["run", "--rm", "--user", "0", "--entrypoint", "sh", image, "-c", command];
        self.tool(&run).read()
    }

    /// Runs a program of the image's virtual environment, whatever comes of it.
    pub fn python(&self, image: &str, program: &str) -> Finished {
        let python = "/app/.venv/bin/python";
        self.tool(&["run", "--rm", "--entrypoint", python, image, "-c", program]).run()
    }

    /// Returns what the engine knows about an image.
    pub fn inspect(&self, image: &str) -> Value {
        let text = self.tool(&["image", "inspect", image]).read();
        serde_json::from_str::<Value>(&text).unwrap()[0].take()
    }

    /// Returns an image's layers and what it is told to run, which together are what it is; without the
    /// label of its fingerprint, which only `pymono build` knows.
    pub fn identity(&self, image: &str) -> (Value, Value) {
        let mut found = self.inspect(image);
        if let Some(config) = found["Config"].as_object_mut() {
            let labels = config.get_mut("Labels").and_then(Value::as_object_mut);
            let rest = labels.map_or(0, |labels| {
                labels.remove("pymono.fingerprint");
                labels.len()
            });
            if rest == 0 {
                config.remove("Labels");
            }
        }
        (found["RootFS"]["Layers"].take(), found["Config"].take())
    }

    /// Returns true if there is such an image.
    pub fn has(&self, image: &str) -> bool {
        self.tool(&["image", "inspect", image]).run().code == Some(0)
    }

    /// Removes the images whose names start with `prefix`.
    pub fn remove_images(&self, prefix: &str) {
        // The list fails while somebody else removes what is in it.
        for _ in 0..10 {
            let list = self.tool(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]).run();
            let names = || list.stdout.lines().filter(|name| name.starts_with(prefix));
            if list.code == Some(0) && names().next().is_none() {
                return;
            }
            self.tool(&["image", "rm", "--force"]).args(names()).run();
        }
    }

    /// Builds `dockerfile` over `context` and returns the files of its last stage.
    pub fn export(&self, dockerfile: &str, context: &Utf8Path, args: &[&str]) -> Tree {
        self.export_of(&Dockerfile { text: dockerfile, ignore: "" }, context, args)
    }

    fn export_of(&self, dockerfile: &Dockerfile<'_>, context: &Utf8Path, args: &[&str]) -> Tree {
        let scratch = TempDir::new().unwrap();
        let scratch = Utf8Path::from_path(scratch.path()).unwrap();
        fs::write(scratch.join("Dockerfile"), dockerfile.text).unwrap();
        fs::write(scratch.join("Dockerfile.dockerignore"), dockerfile.ignore).unwrap();
        let file = format!("--file={scratch}/Dockerfile");
        let output = format!("--output=type=local,dest={scratch}/out");
        let build = ["buildx", "build", "--progress=plain", &file, &output];
        let _ = self.tool(&build).args(args).args([context]).run().succeeded();
        tree(&scratch.join("out"), &[])
    }

    /// Returns the files that a build of the whole `context` is sent under this ignore file.
    pub fn sent(&self, context: &Utf8Path, ignore: &str) -> Tree {
        let dockerfile = Dockerfile { text: "FROM scratch\nCOPY . /\n", ignore };
        self.export_of(&dockerfile, context, &[])
    }

    /// Returns the text of `file` in the cache mount `id`; nothing if there is no such file yet.
    ///
    /// `id` is written as in a Dockerfile, with `$TARGETARCH`.
    pub fn read_cache(&self, id: &str, file: &str) -> String {
        self.in_cache(id, &format!("if test -e /cache/{file}; then cat /cache/{file}; fi"))
    }

    /// Runs a command of a shell that sees the cache mount `id` at `/cache`, and returns what it prints.
    pub fn in_cache(&self, id: &str, command: &str) -> String {
        let nothing = TempDir::new().unwrap();
        let context = Utf8Path::from_path(nothing.path()).unwrap();
        // The folder's name is new each time, so that the step runs. `--no-cache`
        // would not do: it gives the step a cache mount of its own.
        let dockerfile = format!(
            "FROM python:3.13-slim AS reader\nARG TARGETARCH\n\
             RUN --mount=type=cache,id={id},target=/cache \
             : {context}; mkdir /out && ( {command} ) >/out/file\n\
             FROM scratch\nCOPY --from=reader /out /\n"
        );
        let mut files = self.export(&dockerfile, context, &[]);
        let text = files.remove(&Utf8PathBuf::from("file")).unwrap_or_default();
        String::from_utf8(text).unwrap()
    }

    /// Starts a container of `image` whose TCP `port` can be reached from this machine.
    pub fn start(&self, image: &str, port: u16) -> Container {
        let publish = format!("127.0.0.1::{port}");
        let id = self.tool(&["run", "--detach", "--publish", &publish, image]).read();
        Container { docker: self.clone(), id: id.trim().to_owned(), port }
    }

    /// Starts a container of `image` that sees a folder of this machine, in the words of `--volume`.
    pub fn start_with(&self, image: &str, volume: &str) -> Container {
        let id = self.tool(&["run", "--detach", "--volume", volume, image]).read();
        Container { docker: self.clone(), id: id.trim().to_owned(), port: 0 }
    }
}

/// A Dockerfile and what its builds are not sent.
struct Dockerfile<'a> {
    text: &'a str,
    ignore: &'a str,
}

/// A container in the background; it goes when this goes.
pub struct Container {
    docker: Docker,
    id: String,
    port: u16,
}

impl Container {
    /// Returns where its port can be reached, such as `127.0.0.1:32768`.
    pub fn address(&self) -> String {
        let port = format!("{}/tcp", self.port);
        let ports = self.docker.tool(&["port", &self.id, &port]).read();
        ports.lines().next().unwrap_or_else(|| panic!("`docker port` names none")).to_owned()
    }

    /// Returns the address under which other containers and build steps reach it.
    pub fn inside(&self) -> String {
        let format = "{{.NetworkSettings.Networks.bridge.IPAddress}}";
        self.docker.tool(&["inspect", "--format", format, &self.id]).read().trim().to_owned()
    }

    /// Returns what it has printed.
    pub fn log(&self) -> String {
        let logs = self.docker.tool(&["logs", &self.id]).run();
        logs.stdout + &logs.stderr
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.docker.tool(&["rm", "--force", "--volumes", &self.id]).run();
    }
}
