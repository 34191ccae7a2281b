//! The tables of first versions beside the BTF of a kernel of every series that can be fetched, from 5.10 on.
//!
//! usage: since
//!
//! Fetches the kernels that are not on this host. Ends with status 1 if table and kernel disagree anywhere.

use std::process::ExitCode;
use tests::since::{disagreements, witness};

/// Every series of which the catalogue has a cloud kernel, but those that are superseded.
const SERIES: [&str; 11] =
    ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut wrong = 0;
    for series in SERIES {
        let found = disagreements(&witness(series).await?);
        println!("{series}: {} disagreements", found.len());
        for says in &found {
            println!("  {says}");
        }
        wrong += found.len();
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
