//! A server of files that builds can reach.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use camino::{Utf8Path, Utf8PathBuf};

use crate::{Docker, Tool};

/// Serves the files of a folder, and git repositories among them, until it goes.
///
/// It listens at one address of this machine. A folder is answered with a page of links to what is in it.
pub struct FileServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    root: Utf8PathBuf,
    /// The header that a request must have, where a login is wanted.
    authorization: Option<String>,
    requests: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl FileServer {
    /// Serves `root` to everybody, or only to those who give this user name and password.
    pub fn start(docker: &Docker, root: &Utf8Path, login: Option<(&str, &str)>) -> Self {
        Self::listen(&docker.gateway(), root, login)
    }

    /// Serves `root` on loopback to everybody, where no container is needed to see it.
    pub fn on_loopback(root: &Utf8Path) -> Self {
        Self::listen("127.0.0.1", root, None)
    }

    fn listen(host: &str, root: &Utf8Path, login: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let authorization = login.map(|(user, password)| {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        });
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            authorization,
            requests: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let served = shared.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let served = served.clone();
                // Who hangs up early does not want the answer.
                thread::spawn(move || served.answer(stream).ok());
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Returns the host, without the port.
    pub fn host(&self) -> String {
        self.address.ip().to_string()
    }

    /// Returns the paths that were asked for since this was asked last.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // It waits for somebody to come.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// What a client asks for.
#[derive(Default)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> std::io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut request =
            Self { method, path: path.to_owned(), query: query.to_owned(), ..Self::default() };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            request.headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length = request.header("content-length").and_then(|text| text.parse().ok());
        request.body.resize(length.unwrap_or(0), 0);
        reader.read_exact(&mut request.body)?;
        Ok(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = Request::read(&stream)?;
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.path.clone());
        let close = "Connection: close\r\n";
        if self
            .authorization
            .as_deref()
            .is_some_and(|it| request.header("authorization") != Some(it))
        {
            let ask = "WWW-Authenticate: Basic realm=\"tests\"\r\nContent-Length: 0";
            return write!(stream, "HTTP/1.1 401 Unauthorized\r\n{close}{ask}\r\n\r\n");
        }
        if request.path.contains(".git/") {
            let answer = self.git(&request);
            write!(stream, "HTTP/1.1 200 OK\r\n{close}")?;
            return stream.write_all(&answer);
        }
        let path = self.root.join(request.path.trim_start_matches('/'));
        let (kind, body) = match path.read_dir_utf8() {
            Ok(entries) => ("text/html", page(entries.flatten()).into_bytes()),
            Err(_) => match fs::read(&path) {
                Ok(body) if path.extension() == Some("html") => ("text/html", body),
                Ok(body) => ("application/octet-stream", body),
                Err(_) => {
                    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n";
                    return write!(stream, "{missing}{close}\r\n");
                }
            },
        };
        let length = body.len();
        let head = format!("Content-Type: {kind}\r\nContent-Length: {length}");
        write!(stream, "HTTP/1.1 200 OK\r\n{close}{head}\r\n\r\n")?;
        if request.method == "HEAD" { Ok(()) } else { stream.write_all(&body) }
    }

    /// Lets git itself answer, as a web server does.
    fn git(&self, request: &Request) -> Vec<u8> {
        let git = Tool::new("git")
            .args(["http-backend"])
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default())
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("REQUEST_METHOD", &request.method)
            .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
            .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default())
            .env("CONTENT_LENGTH", request.body.len().to_string());
        let mut child = git.start_with(Stdio::piped());
        child.stdin.take().unwrap().write_all(&request.body).unwrap();
        child.wait_with_output().unwrap().stdout
    }
}

fn page(entries: impl Iterator<Item = camino::Utf8DirEntry>) -> String {
    let mut links: Vec<String> = entries
        .map(|entry| {
            let end = if entry.path().is_dir() { "/" } else { "" };
            let name = entry.file_name();
            format!("<a href=\"{name}{end}{}\">{name}</a>", hash(entry.path()))
        })
        .collect();
    links.sort();
    format!("<!DOCTYPE html><html><body>{}</body></html>", links.join("\n"))
}

/// Returns the part of a link that tells a file's hash.
fn hash(file: &Utf8Path) -> String {
    if file.is_dir() {
        return String::new();
    }
    let sum = Tool::new("sha256sum").args([file]).read();
    format!("#sha256={}", sum.split_whitespace().next().unwrap())
}
