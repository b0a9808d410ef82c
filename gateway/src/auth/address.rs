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
        let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(|hop| self.address(hop));
        hops.take(self.trusted).map_while(|hop| hop).last().unwrap_or(peer)
    }

    fn address(self, hop: &str) -> Option<IpAddr> {
        let named = match self.header {
            ProxyHeader::XForwardedFor => Some(hop),
            ProxyHeader::Forwarded => hop
                .split(';')
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(name, value)| name.trim().eq_ignore_ascii_case("for").then_some(value)),
        };
        let named = named?.trim().trim_matches('"');
        let bare = named.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(named);
        bare.parse().ok().or_else(|| named.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
    }
}

/// The address that a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Address(pub(crate) String);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let client = peer.map(|peer| app.deps().proxies.client(&parts.headers, peer).to_canonical());
        Ok(Self(client.map_or_else(|| "-".to_owned(), |client| client.to_string())))
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
