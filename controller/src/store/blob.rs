//! Bytes by digest, in an object store.

use bytes::Bytes;
use domain::digest::Digest;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use std::sync::Arc;

/// What kind of bytes: each kind has a folder.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// ELF objects, as uploaded.
    Object,
    /// Evidence: zlib-compressed JSON, named by the digest of the JSON.
    Evidence,
}

/// A blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    /// The folder cannot be used.
    #[error("cannot use the folder {folder} as object store")]
    Open {
        folder: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A blob cannot be written.
    #[error("cannot store {path}")]
    Put {
        path: Path,
        #[source]
        source: object_store::Error,
    },
    /// A blob cannot be read, or is not there.
    #[error("cannot read {path}")]
    Get {
        path: Path,
        #[source]
        source: object_store::Error,
    },
}

/// The object store.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the folder, creating it if need be.
    pub(crate) fn open(folder: &std::path::Path) -> Result<Self, BlobError> {
        let unusable = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Open {
            folder: folder.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(|error| unusable(error.into()))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(error.into()))?;
        // Postgres remembers the digest for ever, so the bytes must survive a power failure too.
        Ok(Self { store: Arc::new(store.with_fsync(true)) })
    }

    /// Stores the bytes under the digest. Equal digests mean equal bytes, so storing twice is
    /// harmless; a reader never sees half a blob.
    pub(crate) async fn put(&self, kind: Kind, digest: Digest, bytes: Bytes) -> Result<(), BlobError> {
        let path = path(kind, digest);
        match self.store.put(&path, bytes.into()).await {
            Ok(_) => Ok(()),
            Err(source) => Err(BlobError::Put { path, source }),
        }
    }

    /// The bytes stored under the digest.
    pub(crate) async fn get(&self, kind: Kind, digest: Digest) -> Result<Bytes, BlobError> {
        let path = path(kind, digest);
        let read = async { self.store.get(&path).await?.bytes().await };
        read.await.map_err(|source| BlobError::Get { path: path.clone(), source })
    }
}

fn path(kind: Kind, digest: Digest) -> Path {
    let folder = match kind {
        Kind::Object => "objects",
        Kind::Evidence => "evidence",
    };
    Path::from_iter([folder, &digest.to_string()])
}
