//! Where a request comes from, for counting: the other end of the connection, or behind trusted proxies what the outermost of them saw.
//!
//! Invariants: nobody chooses the address that is counted. Only as many hops as are configured are believed, from the right, in the one
//! header that the proxies write; whatever a caller put there itself stands further left and is not looked at.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;

/// The header in which proxies name the hop before them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`: addresses separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239): the `for` of each element.
    Forwarded,
}

/// Proxies in front of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proxies {
    /// How many hops are trusted; 0 = none, the header is not looked at.
    pub trusted: usize,
    /// The header that they write. Only this one is read, because callers can send the other through them.
    pub header: ProxyHeader,
}

impl Proxies {
    /// The outermost address that a trusted hop has seen; the other end of the connection where the header says nothing of use.
    fn client(self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let name = match self.header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        };
        self.hops(headers, name).map_while(|hop| self.address(hop)).last().unwrap_or(peer)
    }

    /// Whether people reach the outermost trusted hop over HTTPS: its `X-Forwarded-Proto`, or the `proto` of `Forwarded`.
    pub(crate) fn is_https(self, headers: &HeaderMap) -> bool {
        let name = match self.header {
            ProxyHeader::XForwardedFor => "x-forwarded-proto",
            ProxyHeader::Forwarded => "forwarded",
        };
        self.hops(headers, name).last().and_then(|hop| self.told(hop, "proto")).is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
    }

    /// What the trusted hops wrote, the nearest first.
    fn hops<'h>(self, headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h str> {
        let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        lines.into_iter().rev().flat_map(|line| line.rsplit(',')).take(self.trusted)
    }

    /// A part of what a hop wrote.
    fn told<'h>(self, hop: &'h str, wanted: &str) -> Option<&'h str> {
        let told = match self.header {
            ProxyHeader::XForwardedFor => Some(hop),
            ProxyHeader::Forwarded => hop
                .split(';')
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(name, value)| name.trim().eq_ignore_ascii_case(wanted).then_some(value)),
        };
        Some(told?.trim().trim_matches('"'))
    }

    fn address(self, hop: &str) -> Option<IpAddr> {
        let named = self.told(hop, "for")?;
        let bare = named.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(named);
        bare.parse().ok().or_else(|| named.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
    }
}

/// The address that a request comes from. Of an IPv6 address the network of 64 bits: whoever has one address of it has them all.
#[derive(Debug, Clone)]
pub(crate) struct Address(pub(crate) String);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let client = peer.map(|peer| app.deps().proxies.client(&parts.headers, peer).to_canonical());
        Ok(Self(client.map_or_else(|| "-".to_owned(), counted)))
    }
}

fn counted(client: IpAddr) -> String {
    match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: usize, header: ProxyHeader, lines: &[&str]) -> String {
        let name = if header == ProxyHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        Proxies { trusted, header }.client(&headers, "10.0.0.9".parse().unwrap()).to_string()
    }

    #[test]
    fn https_is_what_the_outermost_trusted_hop_says() {
        use ProxyHeader::{Forwarded, XForwardedFor};
        let is_https = |trusted, header, name: &'static str, line: &str| {
            let headers = HeaderMap::from_iter([(axum::http::HeaderName::from_static(name), line.parse().unwrap())]);
            Proxies { trusted, header }.is_https(&headers)
        };
        assert!(is_https(1, XForwardedFor, "x-forwarded-proto", "https"));
        assert!(is_https(2, XForwardedFor, "x-forwarded-proto", "https"));
        assert!(!is_https(0, XForwardedFor, "x-forwarded-proto", "https"));
        assert!(!is_https(1, XForwardedFor, "x-forwarded-proto", "https, http"));
        assert!(is_https(1, Forwarded, "forwarded", "for=1.1.1.1;proto=http, for=2.2.2.2;Proto=\"https\""));
        assert!(!is_https(1, Forwarded, "x-forwarded-proto", "https"));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        assert_eq!(counted("2001:db8:1:2:3::7".parse().unwrap()), counted("2001:db8:1:2:ffff::1".parse().unwrap()));
        assert_ne!(counted("2001:db8:1:2::7".parse().unwrap()), counted("2001:db8:1:3::7".parse().unwrap()));
        assert_eq!(counted("192.0.2.1".parse().unwrap()), "192.0.2.1");
    }

    #[test]
    fn only_what_the_trusted_hops_wrote_is_believed() {
        use ProxyHeader::{Forwarded, XForwardedFor};
        let spoofed = ["1.1.1.1, 203.0.113.7", "10.0.0.8"];
        assert_eq!(client(0, XForwardedFor, &spoofed), "10.0.0.9");
        assert_eq!(client(1, XForwardedFor, &spoofed), "10.0.0.8");
        assert_eq!(client(2, XForwardedFor, &spoofed), "203.0.113.7");
        assert_eq!(client(1, XForwardedFor, &[]), "10.0.0.9");
        assert_eq!(client(2, XForwardedFor, &["203.0.113.7"]), "203.0.113.7");
        // What is no address ends the chain at the last hop that is one.
        assert_eq!(client(2, XForwardedFor, &["1.1.1.1, unknown, 10.0.0.8"]), "10.0.0.8");
        assert_eq!(client(1, XForwardedFor, &["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(client(1, XForwardedFor, &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client(1, Forwarded, &["for=1.1.1.1, for=\"[2001:db8::1]:4711\";proto=https"]), "2001:db8::1");
        assert_eq!(client(1, Forwarded, &["for=_hidden"]), "10.0.0.9");
    }
}
