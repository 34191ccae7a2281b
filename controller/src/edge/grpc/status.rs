//! Which status an error becomes: the last thing that happens to it.
//!
//! What the caller can change is told in full. What broke in here is logged once, with its
//! sources, and told without them.

use crate::dispatch::session::SessionError;
use crate::intake::upload::UploadError;
use crate::notify::watch::WatchError;
use crate::plan::submit::SubmitError;
use crate::store::blob::BlobError;
use crate::verdict::receive::ReceiveError;
use domain::selector::SelectorError;
use proto::NotUnderstood;
use std::error::Error;
use tonic::Status;

/// A field that makes no sense.
pub(super) fn invalid(field: &'static str, says: impl ToString) -> Status {
    not_understood(&NotUnderstood::new(field, says))
}

pub(super) fn not_understood(error: &NotUnderstood) -> Status {
    Status::invalid_argument(error.to_string())
}

pub(super) fn selector(error: &SelectorError) -> Status {
    Status::invalid_argument(error.to_string())
}

pub(super) fn database(error: sqlx::Error) -> Status {
    internal(&error)
}

pub(super) fn blob(error: BlobError) -> Status {
    internal(&error)
}

pub(super) fn upload(error: UploadError) -> Status {
    match error {
        UploadError::Name(_)
        | UploadError::TooLarge
        | UploadError::NotAnObject { .. }
        | UploadError::NotAnArchive { .. } => Status::invalid_argument(error.to_string()),
        UploadError::Blob(_) | UploadError::Database(_) => internal(&error),
    }
}

pub(super) fn submit(error: SubmitError) -> Status {
    match error {
        SubmitError::ObjectCount(_)
        | SubmitError::Selector(_)
        | SubmitError::CellCount { .. }
        | SubmitError::NoLoader { .. }
        | SubmitError::Manifest(_)
        | SubmitError::CellTimeout(_)
        | SubmitError::Checks { .. }
        | SubmitError::NoChecks
        | SubmitError::NotCommands => Status::invalid_argument(error.to_string()),
        SubmitError::UnknownObject(_) => Status::not_found(error.to_string()),
        SubmitError::NoWorker => Status::failed_precondition(error.to_string()),
        SubmitError::Blob(_) | SubmitError::Unreadable(_) | SubmitError::Database(_) => internal(&error),
    }
}

pub(super) fn watch(error: WatchError) -> Status {
    match error {
        WatchError::Unknown(_) => Status::not_found(error.to_string()),
        WatchError::Database(_) => internal(&error),
    }
}

pub(super) fn receive(error: ReceiveError) -> Status {
    match error {
        ReceiveError::LeaseLost(_) => Status::failed_precondition(error.to_string()),
        ReceiveError::TooLarge | ReceiveError::Unusable(_) => Status::invalid_argument(error.to_string()),
        ReceiveError::Blob(_) | ReceiveError::Database(_) => internal(&error),
    }
}

pub(super) fn session(error: SessionError) -> Status {
    match error {
        SessionError::NotUnderstood(_) => Status::invalid_argument(error.to_string()),
        SessionError::Broken(_) => Status::unavailable(error.to_string()),
        SessionError::Silent(_) | SessionError::Unread => Status::deadline_exceeded(error.to_string()),
        SessionError::Database(_) => internal(&error),
    }
}

fn internal(error: &dyn Error) -> Status {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        chain = format!("{chain}: {error}");
        source = error.source();
    }
    tracing::error!(error = chain, "a call failed inside the controller");
    Status::internal("the controller failed; its log has the reason")
}
