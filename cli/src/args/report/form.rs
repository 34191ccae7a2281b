//! The part of `bpfcompat.report/1` that is read back.

use domain::digest::{Digest, NotADigest};
use domain::verdict::Verdict;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) schema: String,
    pub(super) run: Run,
    pub(super) objects: Vec<Object>,
    pub(super) cells: Vec<Cell>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) sha256: Hex,
    #[serde(default)]
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
pub(super) struct Cell {
    pub(super) object: String,
    pub(super) kernel: Kernel,
    pub(super) loader: Loader,
    #[serde(default)]
    pub(super) axes: Option<Axes>,
    pub(super) required: bool,
    pub(super) verdict: Verdict,
    #[serde(default)]
    pub(super) cause: Option<Cause>,
    #[serde(default)]
    pub(super) programs: Vec<Program>,
    #[serde(default)]
    pub(super) maps: Vec<Map>,
    #[serde(default)]
    pub(super) contract: Contract,
    pub(super) evidence: Option<Hex>,
}

#[derive(Deserialize)]
pub(super) struct Kernel {
    pub(super) id: String,
    pub(super) release: String,
    pub(super) series: String,
    pub(super) distro: String,
    pub(super) flavour: String,
    pub(super) arch: String,
}

#[derive(Deserialize)]
pub(super) struct Loader {
    pub(super) name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Axes {
    pub(super) cpus: u32,
    pub(super) lsm: String,
    pub(super) lockdown: String,
    pub(super) cgroup: String,
    pub(super) capabilities: String,
    pub(super) unprivileged_bpf: String,
    pub(super) memlock: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Contract {
    pub(super) excused: bool,
    pub(super) excused_until: String,
}

#[derive(Deserialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) section: String,
    pub(super) required: bool,
    pub(super) verdict: Verdict,
    #[serde(default)]
    pub(super) cause: Option<Cause>,
}

#[derive(Deserialize)]
pub(super) struct Map {
    pub(super) name: String,
    pub(super) r#type: String,
    pub(super) verdict: Verdict,
    #[serde(default)]
    pub(super) cause: Option<Cause>,
}

#[derive(Deserialize)]
pub(super) struct Cause {
    pub(super) code: String,
    pub(super) stage: String,
    pub(super) subject: String,
    pub(super) errno: Option<String>,
    pub(super) confidence: String,
    pub(super) says: String,
    pub(super) log_line: String,
    pub(super) r#where: Option<Where>,
    #[serde(default)]
    pub(super) why: String,
    #[serde(default)]
    pub(super) path: Vec<String>,
    pub(super) since: Option<Since>,
    pub(super) remedy: Option<Remedy>,
}

#[derive(Deserialize)]
pub(super) struct Where {
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) source: Option<String>,
    pub(super) insn: Option<u32>,
    pub(super) disassembly: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Since {
    pub(super) version: String,
    pub(super) commit: Option<String>,
    #[serde(default)]
    pub(super) standing: String,
}

#[derive(Deserialize)]
pub(super) struct Remedy {
    pub(super) says: String,
    pub(super) tried: Option<Verdict>,
    #[serde(default)]
    pub(super) change: String,
    pub(super) evidence: Option<Hex>,
}

/// A digest as reports write it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hex(pub(super) Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse().map(|digest: Digest| Self(digest.0.to_vec()))
    }
}
