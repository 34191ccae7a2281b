//! Uploads.

use crate::parts::Parts;
use crate::store::blob::{BlobError, Kind};
use crate::store::objects::{self, StoredObject};
use bytes::Bytes;
use domain::OBJECT_BYTES_MAX;
use domain::digest::Digest;
use insight::archive::{self, ArchiveError};
use insight::object::ObjectError;
use sha2::{Digest as _, Sha256};

/// Longest file name, in bytes: what file systems allow.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// Why an upload was refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// The name is not one of a file.
    #[error("`{0}` is not a file name; use 1 to {NAME_BYTES_MAX} bytes without `/` and control characters")]
    Name(String),
    /// More bytes than any object has.
    #[error("the object has more than {OBJECT_BYTES_MAX} bytes")]
    TooLarge,
    /// The bytes are not an eBPF object.
    #[error("`{name}`: {source}")]
    NotAnObject {
        name: String,
        #[source]
        source: ObjectError,
    },
    /// The bytes are no archive of a command's files.
    #[error("`{name}`: {source}")]
    NotAnArchive {
        name: String,
        #[source]
        source: ArchiveError,
    },
    /// The object store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The database failed.
    #[error("cannot remember the object")]
    Database(#[from] sqlx::Error),
}

/// An upload that is coming in: hashed as it arrives, never larger than an object may be.
#[derive(Debug)]
pub(crate) struct Upload {
    name: String,
    is_command: bool,
    hash: Sha256,
    bytes: Vec<u8>,
}

impl Upload {
    /// Begins an upload of that file name: of an object, or of the files of a command.
    pub(crate) fn begin(name: String, is_command: bool) -> Result<Self, UploadError> {
        let is_name = !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && !name.chars().any(|letter| letter == '/' || letter.is_control());
        if !is_name {
            return Err(UploadError::Name(name.chars().take(NAME_BYTES_MAX).collect()));
        }
        Ok(Self { name, is_command, hash: Sha256::new(), bytes: Vec::new() })
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        if piece.len() > OBJECT_BYTES_MAX - self.bytes.len() {
            return Err(UploadError::TooLarge);
        }
        self.hash.update(piece);
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// Inspects and stores what came.
    pub(crate) async fn finish(self, parts: &Parts) -> Result<StoredObject, UploadError> {
        let Self { name, is_command, hash, bytes } = self;
        let (programs, maps) = parts_of(&name, &bytes, is_command)?;
        let object = StoredObject {
            digest: Digest(hash.finalize().into()),
            name,
            bytes: u64::try_from(bytes.len()).expect("an object has at most OBJECT_BYTES_MAX bytes"),
            programs,
            maps,
            is_command,
        };
        parts.blobs.put(Kind::Object, object.digest, Bytes::from(bytes)).await?;
        objects::upsert(&parts.db, &object).await?;
        Ok(object)
    }
}

/// Names of programs and maps; an archive has none.
fn parts_of(name: &str, bytes: &[u8], is_command: bool) -> Result<(Vec<String>, Vec<String>), UploadError> {
    if is_command {
        let refused = |source| UploadError::NotAnArchive { name: name.to_owned(), source };
        archive::inspect(bytes).map_err(refused)?;
        return Ok((Vec::new(), Vec::new()));
    }
    let refused = |source| UploadError::NotAnObject { name: name.to_owned(), source };
    let facts = insight::object::inspect(bytes).map_err(refused)?;
    Ok((facts.programs.into_iter().map(|program| program.name).collect(), facts.maps))
}
