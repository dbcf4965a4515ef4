//! What the services of `examples/shop` answer; its `README.md` has the same.

/// A service, named as its image, and how it shows that it works.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) shows: Shows,
}

/// How a service shows that it works.
pub(super) enum Shows {
    /// It answers a request on `port`, once it is up, with this JSON.
    Http { port: u16, path: &'static str, expect: &'static str },
    /// It runs to its end and prints this among other things. Without `args`
    /// the image's own command is run.
    Prints { args: &'static [&'static str], expect: &'static str },
}

pub(super) const SERVICES: [Service; 6] = [
    Service {
        name: "storefront",
        shows: Shows::Http {
            port: 8000,
            path: "/health",
            expect: r#"{"status": "ok", "service": "storefront"}"#,
        },
    },
    Service {
        name: "admin",
        shows: Shows::Http {
            port: 8000,
            path: "/health",
            expect: r#"{"status": "ok", "service": "admin"}"#,
        },
    },
    Service {
        name: "worker",
        // Its own command waits for a broker.
        shows: Shows::Prints {
            args: &["python", "-m", "worker", "--self-test"],
            expect: "invoice 1001: 2 lines, total 236.81 EUR",
        },
    },
    Service { name: "report", shows: Shows::Prints { args: &[], expect: "297.10" } },
    Service {
        name: "catalog",
        // Its own command serves gRPC, which this checks within the container.
        shows: Shows::Prints {
            args: &["python", "-m", "catalog", "--check"],
            expect: "catalog is SERVING: Cast iron teapot costs 64.00 EUR",
        },
    },
    Service {
        name: "forecast",
        shows: Shows::Prints { args: &[], expect: "next week: 231.0 pieces" },
    },
];
