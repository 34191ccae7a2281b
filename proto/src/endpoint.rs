//! Where a controller is: the address that people write, as something to connect to.

use std::io;
use std::path::{Path, PathBuf};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

/// Largest file of certificates. A bundle of every public authority has some 200 kB.
const CA_BYTES_MAX: u64 = 1024 * 1024;

/// Why an address cannot be connected to.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no address of a controller.
    #[error(
        "`{0}` is not the address of a controller; use https://HOST:PORT, or http://HOST:PORT on this machine"
    )]
    NotAUrl(String),
    /// The authority's certificates cannot be read.
    #[error("{} cannot be read; name a file in PEM with the certificate of the controller's authority", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// TLS cannot be set up, for example as this machine trusts no authority.
    #[error("TLS with `{url}` cannot be set up; name the certificate of its authority in the settings")]
    Tls {
        /// The address.
        url: String,
        /// What the library says.
        #[source]
        source: tonic::transport::Error,
    },
}

/// The endpoint at `http://…` or `https://…`. With TLS its certificate must be of the authority in the file `ca`, or
/// without one of an authority that this machine trusts.
///
/// # Errors
/// The first thing that is wrong, before anything is connected.
pub fn endpoint(url: &str, ca: Option<&Path>) -> Result<Endpoint, EndpointError> {
    // What stands before an `@` may be a password.
    let not_a_url = || EndpointError::NotAUrl(url.rsplit('@').next().unwrap_or_default().to_owned());
    let secure = url.starts_with("https://");
    if !secure && !url.starts_with("http://") {
        return Err(not_a_url());
    }
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| not_a_url())?;
    if endpoint.uri().authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(not_a_url());
    }
    if !secure {
        return Ok(endpoint);
    }
    let tls = ClientTlsConfig::new();
    let tls = match ca {
        Some(path) => tls.ca_certificate(Certificate::from_pem(authority(path)?)),
        None => tls.with_native_roots(),
    };
    let failed = |source| EndpointError::Tls { url: url.to_owned(), source };
    endpoint.tls_config(tls).map_err(failed)
}

fn authority(path: &Path) -> Result<Vec<u8>, EndpointError> {
    let bytes = std::fs::metadata(path).and_then(|file| {
        if file.len() > CA_BYTES_MAX {
            return Err(io::Error::other(format!("it has more than {CA_BYTES_MAX} bytes")));
        }
        std::fs::read(path)
    });
    bytes.map_err(|source| EndpointError::Authority { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for url in
            ["", "controller:7400", "ftp://controller", "https://", "https://me:secret@controller:7400"]
        {
            let says = endpoint(url, None).expect_err(url).to_string();
            assert!(says.contains("https://HOST:PORT") && !says.contains("secret"), "{says}");
        }
        assert!(endpoint("http://127.0.0.1:7400", None).is_ok());
        let says = endpoint("https://controller:7400", Some(Path::new("/nowhere.pem"))).expect_err("no file");
        assert!(says.to_string().contains("/nowhere.pem"), "{says}");
    }
}
