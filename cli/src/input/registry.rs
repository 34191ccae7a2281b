//! Images in registries, fetched as the distribution specification 1.1 says.
//!
//! The crates for it read manifests and tokens of any size and follow redirects away from HTTPS, so these few
//! requests are our own.

use super::authority::Authority;
use super::image::{self, Store};
use super::{Found, How, Refusal, web};
use crate::args::object::Source;
use domain::digest::Digest;
use insight::oci::{Descriptor, LAYER_BYTES_MAX, MANIFEST_BYTES_MAX, Reference};
use reqwest::header::ACCEPT;
use reqwest::{Client, Response, StatusCode, Url};

/// The documents that are understood, in the words of OCI and of Docker.
const DOCUMENTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// One repository of a registry.
#[derive(Debug)]
pub(super) struct Registry {
    client: Client,
    base: Url,
    /// What the caller named, for messages.
    input: String,
    authority: Authority,
}

pub(super) async fn objects(reference: &Reference, how: &How) -> Result<Vec<Found>, Refusal> {
    let input = format!("oci://{reference}");
    let mut registry = Registry::new(reference, &input, how).await?;
    let bytes = registry.fetch("manifests", &reference.wanted(), MANIFEST_BYTES_MAX).await?;
    let digest = Digest::of(&bytes);
    if let Some(pinned) = reference.digest.filter(|pinned| *pinned != digest) {
        return Err(mismatch(&input, "a manifest", &pinned, &digest));
    }
    let source = Source { reference: input.clone(), digest: format!("sha256:{digest}") };
    let place = image::Place { input, name: reference.name().to_owned(), source };
    image::objects(&mut Store::Registry(registry), bytes, &place, how).await
}

impl Registry {
    async fn new(reference: &Reference, input: &str, how: &How) -> Result<Self, Refusal> {
        let is_loopback = reference.is_loopback();
        let client = web::client(is_loopback);
        let client = client.map_err(|error| Refusal::broken(input, "HTTPS cannot be spoken", error))?;
        let host = reference.host();
        // As Docker does: a registry on this machine rarely has a certificate.
        let is_plain = is_loopback && client.get(format!("https://{host}/v2/")).send().await.is_err();
        let scheme = if is_plain { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2/{}/", reference.repository));
        let base = base.map_err(|error| Refusal::wrong(input, error))?;
        let authority = Authority::new(reference, how.credentials.clone(), is_loopback);
        Ok(Self { client, base, input: input.to_owned(), authority })
    }

    /// A document below the one that was named.
    pub(super) async fn manifest(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Refusal> {
        let bytes =
            self.fetch("manifests", &format!("sha256:{}", descriptor.digest), MANIFEST_BYTES_MAX).await?;
        self.checked(descriptor, "a manifest", bytes)
    }

    /// A layer or a configuration.
    pub(super) async fn blob(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Refusal> {
        let max =
            usize::try_from(descriptor.bytes).map_or(LAYER_BYTES_MAX, |bytes| bytes.min(LAYER_BYTES_MAX));
        let bytes = self.fetch("blobs", &format!("sha256:{}", descriptor.digest), max).await?;
        self.checked(descriptor, "a layer", bytes)
    }

    fn checked(&self, descriptor: &Descriptor, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let digest = Digest::of(&bytes);
        if digest == descriptor.digest {
            Ok(bytes)
        } else {
            Err(mismatch(&self.input, what, &descriptor.digest, &digest))
        }
    }

    async fn fetch(&mut self, kind: &str, what: &str, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        // Neither a tag nor a digest has a slash or a question mark in it.
        let url = self.base.join(&format!("./{kind}/{what}"));
        let url = url.map_err(|error| Refusal::wrong(&self.input, error))?;
        let mut response = self.ask(url.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.authority.is_untried() {
            self.authority.answer(&self.input, response.headers()).await?;
            response = self.ask(url).await?;
        }
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(status));
        }
        web::body(&self.input, response, bytes_max).await
    }

    async fn ask(&self, url: Url) -> Result<Response, Refusal> {
        let request = self.authority.sign(self.client.get(url).header(ACCEPT, DOCUMENTS));
        web::send(&self.input, &request).await
    }

    fn refused(&self, status: StatusCode) -> Refusal {
        let input = &self.input;
        match status {
            StatusCode::NOT_FOUND => {
                Refusal::wrong(input, "no such image in the registry: check its name and tag")
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Refusal::wrong(input, self.authority.refused())
            }
            other if other.is_client_error() && other != StatusCode::TOO_MANY_REQUESTS => {
                Refusal::wrong(input, format!("the registry refuses this with {other}: check the reference"))
            }
            other => Refusal::ours(input, format!("the registry answers {other}: ask again later")),
        }
    }
}

fn mismatch(input: &str, what: &str, wanted: &Digest, digest: &Digest) -> Refusal {
    let says =
        format!("the registry sends {what} with the digest {digest} instead of {wanted}: do not trust it");
    Refusal::ours(input, says)
}
