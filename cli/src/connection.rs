//! Whom to ask: a remote controller, or one in this process. The verbs do not know which.

use crate::exit::Failure;
use crate::local::{Crew, Local};
use crate::remote::{self, Services};
use crate::render::status::Status;
use crate::settings::Settings;
use tokio_util::sync::CancellationToken;

/// A controller that can be asked.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Its services.
    pub(crate) services: Services,
    /// How reports name it: its URL, or `local`.
    pub(crate) name: String,
    local: Option<Local>,
}

impl Connection {
    /// Connects to the controller of the settings, or starts one here with the crew that is
    /// needed.
    ///
    /// # Errors
    /// Misuse, or what is broken.
    pub(crate) async fn open(
        settings: &Settings,
        crew: Crew<'_>,
        status: &Status,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        if let Some(url) = &settings.controller {
            let channel = remote::connect(url, settings.ca.as_deref()).await?;
            return Ok(Self { services: Services::new(&channel), name: url.clone(), local: None });
        }
        let local = Local::start(settings, crew, status, stop).await?;
        let services = Services::new(local.channel());
        Ok(Self { services, name: "local".to_owned(), local: Some(local) })
    }

    /// Leaves nothing running.
    ///
    /// # Errors
    /// When something started here does not stop.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.local {
            Some(local) => local.stop().await,
            None => Ok(()),
        }
    }
}
