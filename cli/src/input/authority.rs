//! How a registry is told who asks. Nothing of it is ever shown or written anywhere.

use super::credentials::{self, Credentials, Secret};
use super::{Refusal, web};
use insight::oci::{Challenge, Reference, challenge};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use std::path::PathBuf;

/// Most bytes of a token's answer; tokens that list many rights have a few kilobytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// What is known of the right to read one repository.
#[derive(Debug)]
pub(super) struct Authority {
    registry: String,
    repository: String,
    files: Vec<PathBuf>,
    is_loopback: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nobody asked.
    Untried,
    /// It was asked for, and is sent along; without credentials it may be a token for everybody.
    Signed { header: Option<HeaderValue>, has_credentials: bool },
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Authority {
    pub(super) fn new(reference: &Reference, files: Vec<PathBuf>, is_loopback: bool) -> Self {
        let (registry, repository) = (reference.registry.clone(), reference.repository.clone());
        Self { registry, repository, files, is_loopback, state: State::Untried }
    }

    pub(super) fn is_untried(&self) -> bool {
        matches!(self.state, State::Untried)
    }

    /// The request with what was obtained.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.state {
            State::Signed { header: Some(header), .. } => request.header(AUTHORIZATION, header.clone()),
            State::Signed { header: None, .. } | State::Untried => request,
        }
    }

    /// What to say to somebody who may not read.
    pub(super) fn refused(&self) -> String {
        let registry = &self.registry;
        match self.state {
            State::Signed { has_credentials: true, .. } => format!(
                "the registry refuses the credentials for {registry}: log in anew, with `docker login {registry}`"
            ),
            State::Signed { .. } | State::Untried => format!(
                "the registry wants credentials and none are known for {registry}: `docker login {registry}`, \
                 `podman login` or `skopeo login` leaves them where they are looked for"
            ),
        }
    }

    /// Does what a registry wants before it answers.
    ///
    /// # Errors
    /// It wants something that is not to be had.
    pub(super) async fn answer(&mut self, input: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|header| header.to_str().ok());
        let challenges: Vec<Challenge> = challenges.filter_map(challenge).collect();
        let bearer = challenges.iter().find(|one| matches!(one, Challenge::Bearer { .. }));
        let Some(wanted) = bearer.or(challenges.first()) else {
            return Err(Refusal::ours(
                input,
                "the registry wants to know who asks in a way that is not spoken here",
            ));
        };
        let known = credentials::find(&self.files, &self.registry, input).await?;
        let has_credentials = known.is_some();
        let header = match wanted {
            Challenge::Basic => known.as_ref().map(Credentials::basic),
            Challenge::Bearer { realm, service } => {
                let token = self.token(input, (realm.as_str(), service.as_deref()), known.as_ref()).await?;
                token.map(|token| Secret::new(format!("Bearer {}", token.text())))
            }
        };
        let header = header.map(|header| header.header(input)).transpose()?;
        self.state = State::Signed { header, has_credentials };
        Ok(())
    }

    /// A token of whom the registry trusts; none if they refuse one.
    async fn token(
        &self,
        input: &str,
        (realm, service): (&str, Option<&str>),
        known: Option<&Credentials>,
    ) -> Result<Option<Secret>, Refusal> {
        let url = Url::parse(realm).ok().filter(|url| {
            url.scheme() == "https" || self.is_loopback && url.scheme() == "http" && web::is_loopback(url)
        });
        let says = "the registry sends to an address without HTTPS for a token, where no password is sent";
        let mut url = url.ok_or_else(|| Refusal::ours(input, says))?;
        // Credentials are for whom the registry names, and a redirect would take them further.
        let client = web::straight_client(self.is_loopback);
        let client = client.map_err(|error| Refusal::broken(input, "HTTPS cannot be spoken", error))?;
        let scope = format!("repository:{}:pull", self.repository);
        let mut words = vec![("scope", scope.as_str())];
        words.extend(service.map(|service| ("service", service)));
        let request = match known {
            Some(Credentials::Identity(identity)) => {
                words.extend([("grant_type", "refresh_token"), ("client_id", "bpfcompat")]);
                words.push(("refresh_token", identity.text()));
                client.post(url).form(&words)
            }
            Some(Credentials::Password { .. }) | None => {
                url.query_pairs_mut().extend_pairs(&words);
                let request = client.get(url);
                match known.map(|known| known.basic().header(input)).transpose()? {
                    Some(header) => request.header(AUTHORIZATION, header),
                    None => request,
                }
            }
        };
        let response = web::send(input, &request).await?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Ok(None),
            status => {
                let says = format!("whoever gives tokens for the registry answers {status}: ask again");
                return Err(Refusal::ours(input, says));
            }
        }
        let bytes = web::body(input, response, TOKEN_BYTES_MAX).await?;
        let token: Option<Token> = serde_json::from_slice(&bytes).ok();
        let token = token.and_then(|token| token.token.or(token.access_token));
        token.map(|token| Some(Secret::new(token))).ok_or_else(|| {
            Refusal::ours(
                input,
                "whoever gives tokens for the registry answers without one: ask its operator",
            )
        })
    }
}
