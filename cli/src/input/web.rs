//! What is fetched over HTTP, and one object at an address.
//!
//! Only HTTPS is spoken, but for a registry on this machine, which nobody else can listen to. Proxies and further
//! certificates are the system's (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).

use super::form::Address;
use super::{Found, Refusal};
use crate::args::object::{ObjectFile, Source};
use domain::OBJECT_BYTES_MAX;
use domain::digest::Digest;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long nothing may arrive.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Redirects that are followed: registries send to a store, and stores once more.
const REDIRECTS_MAX: usize = 5;
/// Times a request is sent: a busy registry answers the next one.
const TRIES: u32 = 3;
/// Pause before it is sent again, longer each time.
const PAUSE: Duration = Duration::from_millis(500);

/// A client for HTTPS; `loopback` also speaks HTTP, with this machine only.
pub(super) fn client(loopback: bool) -> Result<Client, reqwest::Error> {
    following(redirects(loopback), loopback)
}

/// A client that follows no redirect: what it sends may be for nobody else.
pub(super) fn straight_client(loopback: bool) -> Result<Client, reqwest::Error> {
    following(Policy::none(), loopback)
}

fn redirects(loopback: bool) -> Policy {
    Policy::custom(move |attempt: Attempt<'_>| {
        let is_allowed = attempt.url().scheme() == "https" || loopback && is_loopback(attempt.url());
        match attempt.previous().len() {
            _ if !is_allowed => attempt.error("a redirect leads away from HTTPS"),
            hops if hops > REDIRECTS_MAX => attempt.error("there are too many redirects"),
            _ => attempt.follow(),
        }
    })
}

fn following(policy: Policy, loopback: bool) -> Result<Client, reqwest::Error> {
    let builder = Client::builder().redirect(policy).referer(false).https_only(!loopback);
    let builder = builder.connect_timeout(CONNECT_MAX).read_timeout(SILENCE_MAX);
    let builder = builder.user_agent(concat!("bpfcompat/", env!("CARGO_PKG_VERSION")));
    // A proxy would reach another machine under the same name.
    if loopback { builder.no_proxy().build() } else { builder.build() }
}

/// Whether an address is of this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(insight::oci::is_loopback)
}

/// Sends a request until somebody answers it who is not too busy.
///
/// # Errors
/// Nobody answers: the environment is in the way.
pub(super) async fn send(input: &str, request: &RequestBuilder) -> Result<Response, Refusal> {
    let mut tries = 0;
    loop {
        tries += 1;
        let request = request.try_clone().expect("a request without a streamed body");
        match request.send().await {
            Ok(response) if is_passing(response.status()) && tries < TRIES => {}
            Ok(response) => return Ok(response),
            Err(error) if (error.is_redirect() || error.is_builder()) || tries >= TRIES => {
                let says = "cannot be reached: check the name, the network and the proxy";
                return Err(Refusal::broken(input, says, error.without_url()));
            }
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE * tries).await;
    }
}

/// Whether asking again may help.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The body of an answer, if it is no larger.
///
/// # Errors
/// It is, or it broke off.
pub(super) async fn body(input: &str, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let too_large =
        || Refusal::wrong(input, format!("sends more than the {bytes_max} bytes that are accepted"));
    if response.content_length().is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let broken = |error: reqwest::Error| Refusal::broken(input, "broke off: ask again", error.without_url());
    while let Some(piece) = response.chunk().await.map_err(broken)? {
        if piece.len() > bytes_max - bytes.len() {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The object at an address.
pub(super) async fn object(address: &Address) -> Result<Vec<Found>, Refusal> {
    let Address { url, digest, shown } = address;
    let client = client(false).map_err(|error| Refusal::broken(shown, "HTTPS cannot be spoken", error))?;
    let response = send(shown, &client.get(url.clone())).await?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Refusal::ours(shown, format!("answers {status}: ask again later")));
    }
    if !status.is_success() {
        return Err(Refusal::wrong(
            shown,
            format!("answers {status}: pass the address of a compiled .bpf.o"),
        ));
    }
    let bytes = body(shown, response, OBJECT_BYTES_MAX).await?;
    let found = Digest::of(&bytes);
    if found != *digest {
        let says = format!("has the digest {found} and was to have {digest}: what is there has changed");
        return Err(Refusal::wrong(shown, says));
    }
    let name = url.path_segments().and_then(|mut parts| parts.next_back());
    let name = name.filter(|name| !name.is_empty()).unwrap_or("object");
    let source = Source { reference: shown.clone(), digest: format!("sha256:{found}") };
    let object = ObjectFile::new(name, name.to_owned(), bytes, Some(source));
    Ok(vec![Found::Object(object.map_err(|error| Refusal::wrong(shown, error))?)])
}
