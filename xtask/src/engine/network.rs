//! The bridge of an engine, and the few rules with which it reaches the world.
//!
//! Two engines must not both own the host's firewall, so ours own none: dockerd
//! is told to leave iptables alone, and these rules stand in for it.

use std::fs;

use anyhow::{Context, Result};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::subnet::{self, Subnet};
use crate::process::Tool;

/// A bridge that was made for an engine. Written down, so that `down` removes
/// exactly this.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Bridge {
    pub(super) name: String,
    subnet: String,
    gateway: String,
}

/// Makes the bridge that `record` tells of, or a new one and its record.
pub(super) fn provide(record: &Utf8Path) -> Result<Bridge> {
    let bridge = match recorded(record)? {
        Some(bridge) if bridge.exists() => bridge,
        Some(stale) => {
            stale.drop_rules();
            make(record)?
        }
        None => make(record)?,
    };
    bridge.add_rules()?;
    Ok(bridge)
}

/// Removes the bridge and the rules that `record` tells of.
pub(super) fn remove(record: &Utf8Path) -> Result<()> {
    let Some(bridge) = recorded(record)? else { return Ok(()) };
    bridge.drop_rules();
    if bridge.exists() {
        Tool::new("ip").args(["link", "delete", &bridge.name]).quiet()?;
    }
    fs::remove_file(record).with_context(|| format!("failed to remove `{record}`"))
}

fn recorded(record: &Utf8Path) -> Result<Option<Bridge>> {
    if !record.exists() {
        return Ok(None);
    }
    let text = fs::read(record).with_context(|| format!("failed to read `{record}`"))?;
    serde_json::from_slice(&text).map(Some).with_context(|| format!("`{record}` is damaged"))
}

fn make(record: &Utf8Path) -> Result<Bridge> {
    let subnet = free_subnet()?;
    let name = (0..u8::MAX).map(|number| format!("pymono{number}")).find(|name| !link_exists(name));
    let name = name.context("every bridge name from `pymono0` on is taken")?;
    let bridge = Bridge { name, subnet: subnet.to_string(), gateway: subnet.gateway() };
    Tool::new("ip").args(["link", "add", &bridge.name, "type", "bridge"]).quiet()?;
    // Written at once: what exists must be removable.
    fs::write(record, serde_json::to_vec_pretty(&bridge)?)
        .with_context(|| format!("failed to write `{record}`"))?;
    Tool::new("ip").args(["address", "replace", &bridge.gateway, "dev", &bridge.name]).quiet()?;
    Tool::new("ip").args(["link", "set", &bridge.name, "up"]).quiet()?;
    Ok(bridge)
}

fn free_subnet() -> Result<Subnet> {
    let routes = Tool::new("ip").args(["-4", "route", "show", "table", "all"]).read()?;
    let resolv_conf = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let used = [subnet::routed(&routes), subnet::name_servers(&resolv_conf)].concat();
    subnet::choose(&used).context("every network from 10.213.0.0/24 to 10.213.255.0/24 is in use")
}

fn link_exists(name: &str) -> bool {
    Tool::new("ip").args(["link", "show", name]).succeeds()
}

impl Bridge {
    /// The host's own address on the bridge.
    pub(super) fn address(&self) -> &str {
        self.gateway.split('/').next().unwrap_or(&self.gateway)
    }

    fn exists(&self) -> bool {
        link_exists(&self.name)
    }

    fn add_rules(&self) -> Result<()> {
        for (table, chain, rule) in self.rules() {
            if !iptables(table, "-C", chain, &rule).succeeds() {
                iptables(table, "-I", chain, &rule).quiet()?;
            }
        }
        Ok(())
    }

    fn drop_rules(&self) {
        for (table, chain, rule) in self.rules() {
            // It fails where there is no such rule any more, which is as wanted.
            while iptables(table, "-D", chain, &rule).succeeds() {}
        }
    }

    /// Containers reach out under the host's address, and answers reach them.
    fn rules(&self) -> [(&str, &str, Vec<&str>); 3] {
        let Self { name, subnet, gateway: _ } = self;
        let outward = vec!["-s", subnet, "!", "-o", name, "-j", "MASQUERADE"];
        let from_them = vec!["-i", name, "-j", "ACCEPT"];
        let answers = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"];
        let to_them = [&["-o", name], answers.as_slice(), &["-j", "ACCEPT"]].concat();
        [
            ("nat", "POSTROUTING", outward),
            ("filter", "FORWARD", from_them),
            ("filter", "FORWARD", to_them),
        ]
    }
}

fn iptables(table: &str, action: &str, chain: &str, rule: &[&str]) -> Tool {
    // Another engine may be changing the rules right now; `-w` waits for it.
    Tool::new("iptables").args(["-w", "30", "-t", table, action, chain]).args(rule)
}
