//! The port and the path of health that a file names.

use std::sync::LazyLock;

use regex::Regex;

/// Last parts of routes that answer when a service is well, best first.
const HEALTH: [&str; 14] = [
    "/health",
    "/healthz",
    "/healthcheck",
    "/health-check",
    "/health_check",
    "/livez",
    "/live",
    "/readyz",
    "/ready",
    "/ping",
    "/status",
    "/up",
    "/-/healthy",
    "/_health",
];

/// Folders that a health route is often below.
const BELOW: [&str; 4] = ["", "/api", "/api/v1", "/v1"];

/// Ports, in the forms in which code names them, the surest first.
static PORTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // A server of gRPC is told an address.
        r#"\.add_(?:in)?secure_port\(\s*[fr]?["'][^"'\n]*:(\d{2,5})["']"#,
        // `os.environ.get("PORT", 8080)`, `os.getenv("APP_PORT", "8080")`.
        r#"\b(?:environ\.get|getenv)\(\s*["'](?:HTTP_|APP_|SERVER_|SERVICE_|WEB_)?PORT["']\s*,\s*["']?(\d{2,5})\b"#,
        // `uvicorn.run(app, host="0.0.0.0", port=8080)`, `web.run_app(app, port=8080)`.
        r"\b(?:run|run_app|serve|launch)\((?:[^()]|\([^()]*\))*?\b(?:server_)?port\s*=\s*(\d{2,5})\b",
        // Tornado's.
        r"\.listen\(\s*(?:port\s*=\s*)?(\d{2,5})\b",
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// Returns the port that a file listens on, as far as its text says so.
pub(crate) fn port(text: &str) -> Option<u16> {
    if !text.to_ascii_lowercase().contains("port") && !text.contains(".listen(") {
        return None;
    }
    let tornado = text.contains("tornado");
    let forms = PORTS.iter().filter(|form| tornado || !form.as_str().contains("listen"));
    forms.filter_map(|form| form.captures(text)?[1].parse().ok()).find(|port| *port != 0)
}

/// Returns a route in a file that answers when the service is well.
pub(crate) fn health(file: &str, text: &str) -> Option<String> {
    if file.ends_with("urls.py") {
        return django(text);
    }
    let routes = HEALTH.iter().flat_map(|route| BELOW.map(|below| format!("{below}{route}")));
    routes.into_iter().find(|route| has_literal(text, route))
}

/// Returns a route of Django's, which is written without the slash that it begins with.
pub(crate) fn django(text: &str) -> Option<String> {
    let forms = HEALTH.iter().flat_map(|route| [format!("{route}/"), (*route).to_owned()]);
    let mut forms = forms.filter(|route| {
        let written = &route[1..];
        ["path(\"", "path('"].iter().any(|call| {
            let quote = &call[call.len() - 1..];
            text.contains(&format!("{call}{written}{quote}"))
        })
    });
    forms.next()
}

fn has_literal(text: &str, literal: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        let slash = if literal.ends_with('/') { "" } else { "/" };
        text.contains(&format!("{quote}{literal}{quote}"))
            || text.contains(&format!("{quote}{literal}{slash}{quote}"))
    })
}
