//! A worker that answers without booting anything.

use crate::lab::{HANG, Lab};
use domain::digest::Digest;
use domain::errno::Errno;
use domain::evidence::{
    Accelerator, Attach, AttachOutcome, End, Evidence, Guest, KernelFacts, Load, LoadScope, Loaded, Modules,
    Open, ProgramFact, Start,
};
use domain::kernel::Kernel;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proto::wire;
use std::io::Write as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use wire::open_session_request::Message as Say;
use wire::open_session_response::Message as Hear;

pub(crate) struct Worker {
    said: mpsc::Sender<wire::OpenSessionRequest>,
    heard: Streaming<wire::OpenSessionResponse>,
    validator: Digest,
    kernels: Vec<Kernel>,
}

pub(crate) fn hello(name: &str, validator: Digest, kernels: &[Kernel]) -> wire::Hello {
    wire::Hello {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        validator: validator.0.to_vec(),
        cpus: 2,
        memory_bytes: 1 << 30,
        accelerator: "tcg".to_owned(),
        qemu: "7.2".to_owned(),
        slots: 2,
        kernels: kernels.iter().map(Into::into).collect(),
        external_loaders: Vec::new(),
    }
}

impl Worker {
    /// Connects and waits until it is welcome.
    pub(crate) async fn connect(lab: &Lab, name: &str, kernels: &[Kernel]) -> Self {
        Self::connect_with(lab, name, kernels, lab.validator).await
    }

    /// The same with a validator of its own.
    pub(crate) async fn connect_with(lab: &Lab, name: &str, kernels: &[Kernel], validator: Digest) -> Self {
        let (said, saying) = mpsc::channel(16);
        let heard = lab.fleet().await.open_session(ReceiverStream::new(saying)).await;
        let heard = heard.expect("a session").into_inner();
        let mut worker = Self { said, heard, validator, kernels: kernels.to_vec() };
        worker.say(Say::Hello(hello(name, validator, kernels))).await;
        match worker.hear().await {
            Some(Hear::Welcome(_)) => worker,
            other => panic!("a welcome was due, not {other:?}"),
        }
    }

    pub(crate) async fn say(&self, message: Say) {
        let message = wire::OpenSessionRequest { message: Some(message) };
        self.said.send(message).await.expect("the session is open");
    }

    /// The next message, or `None` when the controller ended the session.
    pub(crate) async fn hear(&mut self) -> Option<Hear> {
        let heard = timeout(HANG, self.heard.message()).await.expect("the controller says something");
        heard.expect("the session goes well").map(|heard| heard.message.expect("a message"))
    }

    /// Why the controller ended the session.
    pub(crate) async fn broken_off(&mut self) -> Status {
        let heard = timeout(HANG, self.heard.message()).await.expect("the controller says something");
        heard.expect_err("the session is over")
    }

    pub(crate) async fn room(&self, cells: u32) {
        self.say(Say::Room(wire::Room { cells })).await;
    }

    pub(crate) async fn assigned(&mut self) -> wire::Assignment {
        match self.hear().await {
            Some(Hear::Assignment(assignment)) => assignment,
            other => panic!("an assignment was due, not {other:?}"),
        }
    }

    pub(crate) async fn revoked(&mut self) -> wire::Lease {
        match self.hear().await {
            Some(Hear::Revoke(revoke)) => revoke.lease.expect("a lease"),
            other => panic!("a revocation was due, not {other:?}"),
        }
    }

    pub(crate) async fn give_back(&self, assignment: &wire::Assignment, kind: wire::FailureKind, says: &str) {
        let lease = assignment.lease.clone();
        self.say(Say::GiveBack(wire::GiveBack { lease, kind: kind.into(), says: says.to_owned() })).await;
    }

    pub(crate) async fn heartbeat(&self, assignment: &wire::Assignment) {
        let leases = assignment.lease.clone().into_iter().collect();
        self.say(Say::Heartbeat(wire::Heartbeat { leases, ..Default::default() })).await;
    }

    /// What a guest would show in which the object loads and attaches.
    pub(crate) fn evidence(&self, assignment: &wire::Assignment) -> Evidence {
        let kernel = self.kernels.iter().find(|kernel| kernel.id.0 == assignment.kernel_id);
        let kernel = kernel.expect("the worker offers this kernel");
        let program = "probe".to_owned();
        Evidence {
            guest: Guest {
                start: Start::Cold,
                accelerator: Accelerator::Tcg,
                qemu: "7.2".to_owned(),
                memory_bytes: 1 << 28,
                cpus: 1,
                validator: self.validator,
                initramfs: Digest::of(b"initramfs"),
                nonce_ok: true,
                drawn: String::new(),
                loader_version: String::new(),
                environment: None,
                boot_ms: 1_000,
                answer_ms: 100,
            },
            kernel: Some(KernelFacts { release: kernel.release.clone(), ..KernelFacts::default() }),
            behaviour: None,
            command: None,
            loader: domain::axis::Loader::default(),
            axes: assignment.axes.clone().unwrap_or_default().try_into().expect("axes of a controller"),
            unavailable: None,
            symbols: Vec::new(),
            privileged: Vec::new(),
            contract: serde_json::from_slice(&assignment.contract).unwrap_or_default(),
            modules: Modules::default(),
            open: Some(Open {
                programs: vec![ProgramFact {
                    name: program.clone(),
                    section: "tracepoint/syscalls/sys_enter_openat".to_owned(),
                    kind: "tracepoint".to_owned(),
                    autoload: true,
                }],
                ..Open::default()
            }),
            maps: Vec::new(),
            loads: vec![Load {
                scope: LoadScope::Whole,
                errno: None,
                loaded: vec![Loaded {
                    program: program.clone(),
                    verified_instructions: 2,
                    translated_bytes: 16,
                    jited_bytes: 32,
                }],
                counts: Vec::new(),
                took_us: 10,
                unable: None,
                refused_at: None,
            }],
            attaches: vec![Attach {
                program,
                hook: "syscalls:sys_enter_openat".to_owned(),
                how: "link".to_owned(),
                outcome: AttachOutcome::Attached,
            }],
            line_costs: Vec::new(),
            logs: Vec::new(),
            splats: Vec::new(),
            // Makes the evidence of two cells differ, as in life.
            console: format!("{:?}", assignment.lease),
            end: End::Finished,
        }
    }

    /// What a guest would show of an object with a second program, `bad`, which the kernel refuses where it is loaded.
    pub(crate) fn refusal(&self, assignment: &wire::Assignment) -> Evidence {
        let mut evidence = self.evidence(assignment);
        let declared = evidence.contract.programs.get("bad").and_then(|terms| terms.autoload);
        let autoload = declared.unwrap_or(true);
        let open = evidence.open.as_mut().expect("it opened");
        let bad = ProgramFact { name: "bad".to_owned(), autoload, ..open.programs[0].clone() };
        open.programs.push(bad);
        if autoload {
            let alone = |name: &str| LoadScope::Alone(name.to_owned());
            let loaded = Load { scope: alone("probe"), ..evidence.loads[0].clone() };
            let refused = Load { errno: Some(Errno::EINVAL), loaded: Vec::new(), ..loaded.clone() };
            let whole = Load { scope: LoadScope::Whole, ..refused.clone() };
            evidence.loads = vec![whole, loaded, Load { scope: alone("bad"), ..refused }];
        }
        evidence
    }

    /// What a guest would leave behind that dies under the object.
    pub(crate) fn death(&self, assignment: &wire::Assignment) -> Evidence {
        Evidence { end: End::Died("killed".to_owned()), ..self.evidence(assignment) }
    }
}

/// Delivers evidence for a lease, in small pieces.
pub(crate) async fn deliver(
    lab: &Lab,
    lease: Option<wire::Lease>,
    evidence: &Evidence,
) -> Result<(), Status> {
    let json = serde_json::to_vec(evidence).expect("evidence encodes");
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&json).expect("memory takes it");
    deliver_bytes(lab, lease, &encoder.finish().expect("memory takes it")).await
}

pub(crate) async fn deliver_bytes(lab: &Lab, lease: Option<wire::Lease>, bytes: &[u8]) -> Result<(), Status> {
    let first = wire::DeliverEvidenceRequest { lease, data: Vec::new() };
    let pieces =
        bytes.chunks(100).map(|piece| wire::DeliverEvidenceRequest { lease: None, data: piece.to_vec() });
    let all: Vec<_> = [first].into_iter().chain(pieces).collect();
    lab.fleet().await.deliver_evidence(tokio_stream::iter(all)).await.map(|_| ())
}
