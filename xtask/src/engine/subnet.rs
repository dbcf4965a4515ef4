//! Which private network an engine may have without being in anyone's way.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subnet {
    address: u32,
    length: u32,
}

/// A text that is no IPv4 network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidSubnet;

impl Subnet {
    fn mask(length: u32) -> u32 {
        u32::MAX.checked_shl(32 - length).unwrap_or(0)
    }

    fn overlaps(self, other: Self) -> bool {
        let mask = Self::mask(self.length.min(other.length));
        self.address & mask == other.address & mask
    }

    /// The address of the bridge: the first of the network, with its length.
    pub(super) fn gateway(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.address + 1), self.length)
    }
}

impl FromStr for Subnet {
    type Err = InvalidSubnet;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| InvalidSubnet)?;
        let length: u32 = length.parse().map_err(|_| InvalidSubnet)?;
        if length > 32 {
            return Err(InvalidSubnet);
        }
        Ok(Self { address: u32::from(address) & Self::mask(length), length })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.address), self.length)
    }
}

/// The first network for an engine that overlaps with none of those in use.
pub(super) fn choose(used: &[Subnet]) -> Option<Subnet> {
    let candidate =
        |third| Subnet { address: u32::from(Ipv4Addr::new(10, 213, third, 0)), length: 24 };
    (0..=u8::MAX).map(candidate).find(|subnet| !used.iter().any(|other| other.overlaps(*subnet)))
}

/// The networks in the output of `ip -4 route show table all`.
pub(super) fn routed(routes: &str) -> Vec<Subnet> {
    // `default` is everything, and is of course in use; a type like
    // `blackhole` or `local` may stand before the network.
    let network = |line: &str| line.split_whitespace().take(2).find_map(|word| word.parse().ok());
    routes.lines().filter(|line| !line.starts_with("default")).filter_map(network).collect()
}

/// The addresses of the name servers in a `resolv.conf`, which must stay
/// within reach although no route of their own may tell of them.
pub(super) fn name_servers(resolv_conf: &str) -> Vec<Subnet> {
    let lines = resolv_conf.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    lines.filter_map(|address| address.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets(texts: &[&str]) -> Vec<Subnet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn chosen(used: &[&str]) -> Option<String> {
        choose(&subnets(used)).map(|subnet| subnet.to_string())
    }

    #[test]
    fn what_is_in_use_is_not_chosen() {
        assert_eq!(chosen(&[]).as_deref(), Some("10.213.0.0/24"));
        assert_eq!(chosen(&["10.213.0.7"]).as_deref(), Some("10.213.1.0/24"));
        assert_eq!(chosen(&["10.213.0.0/23", "172.17.0.0/16"]).as_deref(), Some("10.213.2.0/24"));
    }

    #[test]
    fn there_may_be_nothing_left() {
        assert_eq!(chosen(&["10.0.0.0/8"]), None);
        assert_eq!(chosen(&["0.0.0.0/0"]), None);
    }

    #[test]
    fn routes_are_read_with_and_without_a_type() {
        let routes = "default via 192.0.2.1 dev eth0\n\
                      172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n\
                      blackhole 10.9.0.0/16\n\
                      local 127.0.0.1 dev lo table local\n";
        assert_eq!(routed(routes), subnets(&["172.17.0.0/16", "10.9.0.0/16", "127.0.0.1"]));
    }

    #[test]
    fn name_servers_are_kept_in_reach() {
        let resolv_conf =
            "# made by hand\nnameserver 10.213.0.53\nnameserver fd00::1\nsearch test\n";
        assert_eq!(name_servers(resolv_conf), subnets(&["10.213.0.53"]));
    }

    #[test]
    fn the_gateway_is_the_first_address() {
        assert_eq!(subnets(&["10.213.4.0/24"])[0].gateway(), "10.213.4.1/24");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "fd00::/8", "10.0.0/8", "10.0.0.0/x"] {
            assert_eq!(text.parse::<Subnet>(), Err(InvalidSubnet), "{text}");
        }
    }
}
