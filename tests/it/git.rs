//! Commits of git repositories that want a login.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, net::TcpStream};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::{
    Container, FileServer, Repo, Site, Tool,
    projects::{BACKEND, in_tree},
    until,
    uv::uv,
};

const TOKEN: &str = "git-token-of-nobody";

/// Makes a repository `folder/forked.git` with a project that says `word`.
fn write_repository(folder: &Utf8Path, word: &str) {
    let work = folder.with_extension("work");
    for (path, text) in [
        ("pyproject.toml", in_tree("forked", "")),
        ("_build/backend.py", BACKEND.to_owned()),
        ("src/forked.py", format!("WORD = \"{word}\"\n")),
    ] {
        let path = work.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(folder).unwrap();
    let git = |args: &[&str]| {
        let git = Tool::new("git").args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
        git.args(args).cwd(&work).env("GIT_CONFIG_GLOBAL", "/dev/null").read()
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "Begin"]);
    git(&["clone", "--quiet", "--bare", ".", folder.join("forked.git").as_str()]);
}

/// Makes a service that needs the project of a repository.
fn write_service(repo: &Repo, url: &str) {
    let rest = format!(
        "dependencies = [\"forked\"]\n\n[tool.pymono]\ncommand = [\"python\", \"-m\", \"api\"]\n\n\
         [tool.uv.sources]\nforked = {{ git = \"{url}\" }}\n"
    );
    repo.write("services/api/pyproject.toml", &in_tree("api", &rest));
    repo.write("services/api/_build/backend.py", BACKEND);
    repo.write("services/api/src/api/__init__.py", "");
    let text = format!("# {}\nimport forked\n\nprint(forked.WORD)\n", repo.unique());
    repo.write("services/api/src/api/__main__.py", &text);
}

fn lock(repo: &Repo) -> Tool {
    let lock = Tool::new(uv()).args(["lock", "--quiet"]).cwd(&repo.root());
    lock.env("UV_PYTHON_DOWNLOADS", "never").env("UV_CACHE_DIR", repo.outside().join("cache"))
}

/// A service that needs a repository for which one needs this login; the file with it.
fn behind_a_login(topic: &str, user: &str) -> (Site, FileServer, Utf8PathBuf) {
    let site = Site::new(Repo::new(topic, ""));
    let folder = site.repo.outside().join("served");
    write_repository(&folder, site.repo.unique());
    let server = FileServer::start(&site.docker, &folder, Some((user, TOKEN)));
    write_service(&site.repo, &server.url("forked.git"));
    let netrc = site.repo.outside().join(".netrc");
    let line = format!("machine {} login {user} password {TOKEN}\n", server.host());
    fs::write(&netrc, line).unwrap();
    lock(&site.repo).env("HOME", site.repo.outside()).read();
    (site, server, netrc)
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_repository_is_opened_by_a_token_for_its_site_or_a_file_of_logins() {
    let (site, server, _) = behind_a_login("token", "x-access-token");
    let address = server.url("").replace("http://", "").replace('/', "");
    let variable = format!("GIT_AUTH_TOKEN_{}", address.replace(['.', ':'], "_"));
    let refused = site.pymono(&["build", "api"]).run().ended_with(1);
    let said = refused.stdout + &refused.stderr;
    assert!(said.contains(&format!("may want {variable}, NETRC")), "{said}");

    let built = site.pymono(&["-v", "build", "api"]).env(&variable, TOKEN).run().succeeded();
    assert_eq!(site.answer("api"), site.repo.unique());
    assert!(!(built.stdout + &built.stderr).contains(TOKEN));
    assert_nothing_left(&site);

    let (site, _server, netrc) = behind_a_login("gitnetrc", "bob");
    let built = site.pymono(&["-v", "build", "api"]).env("NETRC", netrc).run().succeeded();
    assert_eq!(site.answer("api"), site.repo.unique());
    assert!(!(built.stdout + &built.stderr).contains(TOKEN));
    assert_nothing_left(&site);
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_commit_with_files_in_lfs_has_git_lfs_for_its_checkout() {
    let (site, _server, netrc) = behind_a_login("lfs", "bob");
    // uv itself refuses to go on where it wants LFS and there is none.
    site.repo.replace(
        "services/api/pyproject.toml",
        "forked.git\" }",
        "forked.git\", lfs = true }",
    );
    let lock = site.repo.read("uv.lock").replace("forked.git#", "forked.git?lfs=true#");
    site.repo.write("uv.lock", &lock.replace("forked.git\" }", "forked.git?lfs=true\" }"));
    let _ = site.pymono(&["build", "api"]).env("NETRC", netrc).run().succeeded();
    assert_eq!(site.answer("api"), site.repo.unique());
    assert!(site.repo.read(".pymono/state/pins/git-api.txt").contains("#lfs=true"));
}

/// Asserts that neither the image nor our own files have the token, and the image has no git.
fn assert_nothing_left(site: &Site) {
    let image = site.repo.image("api");
    assert!(!site.docker.inspect(&image).to_string().contains(TOKEN));
    assert!(!site.docker.tool(&["history", "--no-trunc", &image]).read().contains(TOKEN));
    let search = format!("grep -rlE {TOKEN} /app /root /etc /run /tmp /usr; command -v git; true");
    assert_eq!(site.docker.shell(&image, &search), "");
    for (path, content) in pymono_tests::tree(&site.repo.root().join(".pymono"), &[]) {
        assert!(!String::from_utf8_lossy(&content).contains(TOKEN), "in `{path}`");
    }
}

/// A server that gives a repository to who has the key, over SSH.
struct SshServer {
    container: Container,
    folder: Utf8PathBuf,
}

impl SshServer {
    fn start(site: &Site) -> Self {
        let folder = site.repo.outside().join("ssh");
        fs::create_dir_all(&folder).unwrap();
        for key in ["host", "user"] {
            let path = folder.join(key);
            let make = ["-q", "-t", "ed25519", "-N", "", "-f", path.as_str()];
            Tool::new("ssh-keygen").args(make).read();
        }
        write_repository(&folder.join("served"), site.repo.unique());
        let dockerfile = "FROM python:3.13-slim\n\
            RUN apt-get update && apt-get install -y --no-install-recommends git openssh-server && \
            mkdir -p /run/sshd && git config --system safe.directory '*'\n\
            CMD [\"/usr/sbin/sshd\", \"-D\", \"-e\", \"-o\", \"StrictModes=no\", \
            \"-o\", \"AuthorizedKeysFile=/ssh/user.pub\", \"-o\", \"HostKey=/ssh/host\"]\n";
        fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
        let image = site.repo.image("sshd");
        let build = ["buildx", "build", "--load", "--provenance=false", "--tag", &image];
        let _ = site.docker.tool(&build).args([&folder]).run().succeeded();
        let container = site.docker.start_with(&image, &format!("{folder}:/ssh:ro"));
        let server = Self { container, folder };
        let address = server.container.inside();
        until("the SSH server answers", || {
            TcpStream::connect((address.as_str(), 22)).map(drop).map_err(|error| error.to_string())
        });
        let host = fs::read_to_string(server.folder.join("host.pub")).unwrap();
        fs::write(server.known_hosts(), format!("{address} {host}")).unwrap();
        server
    }

    fn url(&self) -> String {
        format!("ssh://root@{}/ssh/served/forked.git", self.container.inside())
    }

    fn known_hosts(&self) -> Utf8PathBuf {
        self.folder.join("known_hosts")
    }
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_repository_behind_ssh_wants_a_key_and_a_host_that_is_known() {
    let site = Site::new(Repo::new("ssh", ""));
    let server = SshServer::start(&site);
    let (key, known_hosts) = (server.folder.join("user"), server.known_hosts());
    write_service(&site.repo, &server.url());
    let ssh = format!("ssh -i {key} -o IdentitiesOnly=yes -o UserKnownHostsFile={known_hosts}");
    lock(&site.repo).env("GIT_SSH_COMMAND", ssh).read();

    let key = format!("default={key}");
    let unknown = site.pymono(&["build", "api", "--ssh", &key]).env("HOME", site.repo.outside());
    let unknown = unknown.run().ended_with(1);
    let said = unknown.stdout + &unknown.stderr;
    assert!(said.contains("Host key verification failed"), "{said}");
    assert!(said.contains("KNOWN_HOSTS"), "{said}");

    let build = site.pymono(&["build", "api", "--ssh", &key]).env("KNOWN_HOSTS", known_hosts);
    let _ = build.run().succeeded();
    assert_eq!(site.answer("api"), site.repo.unique());
}
