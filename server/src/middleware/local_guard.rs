//! Keeps out whoever is not at this machine, as long as there are no accounts.
//!
//! The server listens on loopback, but a browser here will also speak for pages from elsewhere:
//! by a name of theirs that resolves to 127.0.0.1 (DNS rebinding, so `Host` must be local), or
//! by a form that points at us (so `Origin` must be local). And a proxy here will speak for
//! the whole world, so whatever came through one is refused.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;

use crate::Problem;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What proxies add, apart from everything that begins with [`FORWARDED_PREFIX`].
const PROXY_HEADERS: [&str; 3] = ["forwarded", "via", "x-real-ip"];
const FORWARDED_PREFIX: &str = "x-forwarded-";

/// Lets a request through when it comes from this machine's own pages and programs; answers 403
/// and why when it does not.
pub async fn keep_strangers_out(request: Request, next: Next) -> Response {
    match fault(request.method(), request.uri(), request.headers()) {
        None => next.run(request).await,
        Some(why) => Problem::new(ErrorCode::Forbidden, why).into_response(),
    }
}

/// Why the request is not let in; none when it is.
fn fault(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    if headers.keys().any(is_of_a_proxy) {
        return Some(
            "Palomar has no accounts yet and is open to its own machine only; \
             this request came through a proxy",
        );
    }
    let addressed_here = one(headers, &header::HOST).is_some_and(is_local_authority)
        && uri
            .authority()
            .is_none_or(|authority| is_local(authority.host()));
    if !addressed_here {
        return Some(
            "Palomar answers to local names only, such as localhost and 127.0.0.1; \
             this request was for another host",
        );
    }
    if headers.contains_key(header::ORIGIN)
        && !one(headers, &header::ORIGIN).is_some_and(is_local_origin)
    {
        return Some("this request was made by a page from elsewhere");
    }
    let crossed_sites = headers
        .get_all(FETCH_SITE)
        .iter()
        .any(|site| site == "cross-site");
    if crossed_sites && !method.is_safe() {
        return Some("this request was made by a page from elsewhere");
    }
    None
}

fn is_of_a_proxy(name: &HeaderName) -> bool {
    PROXY_HEADERS.contains(&name.as_str()) || name.as_str().starts_with(FORWARDED_PREFIX)
}

/// The header's value, if there is exactly one.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn is_local_authority(value: &HeaderValue) -> bool {
    value
        .to_str()
        .ok()
        .filter(|text| !text.contains('@'))
        .and_then(|text| text.parse::<Authority>().ok())
        .is_some_and(|authority| is_local(authority.host()))
}

/// `null`, which sandboxed frames and local files send, is nobody's origin.
fn is_local_origin(value: &HeaderValue) -> bool {
    value.to_str().ok().is_some_and(|text| {
        ["http://", "https://"]
            .iter()
            .filter_map(|scheme| text.strip_prefix(scheme))
            .filter_map(|rest| HeaderValue::from_str(rest).ok())
            .any(|authority| is_local_authority(&authority))
    })
}

/// `localhost`, a name below it (RFC 6761), or a loopback address.
fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(&host);
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_in(method: &Method, fields: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        fault(method, &Uri::from_static("/api/emails"), &headers).is_none()
    }

    #[test]
    fn only_local_names_and_addresses_are_answered() {
        for host in [
            "localhost",
            "localhost:3000",
            "LocalHost:8080",
            "palomar.localhost:3000",
            "127.0.0.1:3000",
            "127.1.2.3",
            "[::1]:3000",
            "[::ffff:127.0.0.1]:3000",
        ] {
            assert!(is_let_in(&Method::POST, &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:3000",
            "localhost.example.org",
            "notlocalhost",
            "127.0.0.1.example.org",
            "192.168.1.7:3000",
            "0.0.0.0:3000",
            "[::]:3000",
            "a@localhost",
            "localhost, example.org",
        ] {
            assert!(!is_let_in(&Method::GET, &[("host", host)]), "{host}");
        }
        assert!(!is_let_in(&Method::GET, &[]));
        let two = [("host", "localhost"), ("host", "example.org")];
        assert!(!is_let_in(&Method::GET, &two));
    }

    #[test]
    fn a_request_line_for_another_host_is_not_answered() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        let elsewhere = Uri::from_static("http://example.org/api/emails");
        assert!(fault(&Method::GET, &elsewhere, &headers).is_some());
    }

    #[test]
    fn only_pages_of_this_machine_may_ask() {
        let asked_by =
            |origin| is_let_in(&Method::POST, &[("host", "localhost"), ("origin", origin)]);
        assert!(asked_by("http://localhost:3000"));
        assert!(asked_by("http://127.0.0.1:8080"));
        assert!(asked_by("https://[::1]"));
        for origin in [
            "null",
            "",
            "http://example.org",
            "file://",
            "http://localhost.example.org",
        ] {
            assert!(!asked_by(origin), "{origin}");
        }
    }

    #[test]
    fn a_page_from_elsewhere_may_link_here_but_change_nothing() {
        let fields = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        assert!(is_let_in(&Method::GET, &fields));
        assert!(!is_let_in(&Method::POST, &fields));
        assert!(!is_let_in(&Method::DELETE, &fields));
        let same = [("host", "localhost"), ("sec-fetch-site", "same-origin")];
        assert!(is_let_in(&Method::POST, &same));
    }

    #[test]
    fn nothing_that_came_through_a_proxy_is_let_in() {
        for name in [
            "Forwarded",
            "Via",
            "X-Real-IP",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Anything",
        ] {
            assert!(
                !is_let_in(&Method::GET, &[("host", "localhost"), (name, "x")]),
                "{name}"
            );
        }
    }
}
