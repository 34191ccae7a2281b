//! The command line as typed: shapes only. Nothing here looks at the machine.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use insight::compare::{FailOn, Thresholds};
use std::path::PathBuf;

/// Will this compiled eBPF object load and attach on the kernels I care about, and if not, why?
#[derive(Debug, Parser)]
#[command(name = "bpfcompat", version, after_help = AFTER_HELP)]
pub(crate) struct Typed {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 works, 1 does not, 2 could not tell (infrastructure), 3 misuse.
Settings also come from BPFCOMPAT_* variables and from a configuration file; `bpfcompat config show` \
prints what is in effect.";

/// Flags of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every verb")]
pub(crate) struct Global {
    /// Ask the controller at this URL instead of this machine [env: BPFCOMPAT_CONTROLLER]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) controller: Option<String>,
    /// Where local mode keeps kernels, answers and its database [env: BPFCOMPAT_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Never colour the output; NO_COLOR does the same
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Say on stderr what happens inside
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask whether objects load and attach on real kernels
    Test(Test),
    /// Ask many objects and commands at once, by a file; one answer for all of them
    Suite(Suite),
    /// Run a loader of your own in real kernels; how it ends is the verdict
    Command(Command),
    /// Compare two answers: what broke, what fails anew, what works again
    Compare(Compare),
    /// Runs that were asked for
    #[command(subcommand)]
    Runs(Runs),
    /// Say why cells of an earlier run do not pass, with source line, remedy and evidence
    Explain(Explain),
    /// Kernels that can be asked about
    #[command(subcommand)]
    Kernels(Kernels),
    /// Workers that answer
    #[command(subcommand)]
    Workers(Workers),
    /// Check whether `test` can work on this machine
    Doctor(Doctor),
    /// Settings
    #[command(subcommand)]
    Config(Config),
    /// Print the version
    Version,
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
}

/// Which kernels are asked, and whether again.
#[derive(Debug, Default, Args)]
pub(crate) struct Scope {
    /// Kernels that decide the answer: lts, newest, all, 5.10,6.1, >=6.1,<7, flavour=generic,
    /// debian/trixie, exact ids; may be repeated [default: lts,newest]
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) kernels: Vec<String>,
    /// Kernels that are shown and never decide; may be repeated
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) optional: Vec<String>,
    /// What loaders work in, apart from the kernel: cpus (1 to 8), lsm (every, kernel, or names), lockdown
    /// (none, integrity, confidentiality), cgroup (v2, v1), capabilities (full, none, token, or names such as
    /// bpf+perfmon), unprivileged_bpf (kernel, allowed, refused), memlock (kernel, unlimited, or bytes); each
    /// combination answers for itself; may be repeated
    #[arg(long = "axis", value_name = "AXIS=VALUE[,VALUE]")]
    pub(crate) axes: Vec<String>,
    /// Ask again even when the answer is stored
    #[arg(long)]
    pub(crate) fresh: bool,
}

/// Where reports go.
#[derive(Debug, Default, Args)]
pub(crate) struct Reports {
    /// Write the JSON report to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the matrix as Markdown to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write JUnit XML to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write SARIF 2.1.0, for code hosts and editors, to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write a page to pass on, with everything in it, to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write an SVG badge to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) badge: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Compiled eBPF objects (`clang --target=bpf -c`): files, folders, patterns, `-` for stdin, oci://IMAGE,
    /// oci-layout:FOLDER, oci-archive:FILE, https://ADDRESS#sha256=HEX
    #[arg(required = true, value_name = "OBJECT")]
    pub(crate) objects: Vec<PathBuf>,
    /// Which image is meant where a reference has several [default: linux and this machine's architecture]
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// What loads the objects: libbpf, aya, bpftool; each answers for itself, several are compared; may be
    /// repeated [default: libbpf]
    #[arg(long, value_name = "LOADER", value_delimiter = ',')]
    pub(crate) loader: Vec<String>,
    /// How far every program must get [default: attach, or behave if the manifest has checks]
    #[arg(long)]
    pub(crate) level: Option<Level>,
    /// What the objects' own loader sets before it loads, declared in YAML; every object must fit it
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reports: Reports,
    /// Also show what the verifier counted: instructions, states, stack and size; JSON always has it
    #[arg(long)]
    pub(crate) stats: bool,
    /// Count the verifier's walk by source line, and show the dearest; takes several times longer
    #[arg(long)]
    pub(crate) line_costs: bool,
    /// Try what may help each refused object in another guest, and say what came of it
    #[arg(long)]
    pub(crate) try_remedies: bool,
    /// Seconds one kernel may take to answer once it is up
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=TIMEOUT_SECONDS_MAX))]
    pub(crate) timeout: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Suite {
    /// The suite, in YAML
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Failures that are known and do not decide [default: SUITE.baseline.json beside the suite, if there]
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the baseline anew: every failure of this time that would decide
    #[arg(long)]
    pub(crate) update_baseline: bool,
    /// Ask again, up to N times, what decides and could not be told
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=RETRIES_MAX))]
    pub(crate) retry_inconclusive: u32,
    /// Try what may help each refused object in another guest, and say what came of it
    #[arg(long)]
    pub(crate) try_remedies: bool,
    /// Ask again even when answers are stored
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Write the JSON report to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the matrix as Markdown to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write JUnit XML to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

/// Most repetitions of what could not be told: a cell has had three tries by then, and what fails that often is
/// an infrastructure to be mended.
const RETRIES_MAX: i64 = 5;

#[derive(Debug, Args)]
#[command(after_help = COMMAND_HELP)]
pub(crate) struct Command {
    /// The program: a static binary or a script; with --dir its path in there
    #[arg(long, value_name = "FILE")]
    pub(crate) bin: PathBuf,
    /// A folder to ship with it, laid out like a root if the program needs libraries: `lib`, `lib64` and
    /// `usr` in it are found where programs look for them
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// An object to lay beside it; may be repeated
    #[arg(long = "object", value_name = "OBJECT")]
    pub(crate) objects: Vec<PathBuf>,
    /// Which image is meant where an object's reference has several
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Seconds it may run [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) runtime: Option<u32>,
    /// The status it must exit with
    #[arg(long, value_name = "STATUS", default_value_t = 0)]
    pub(crate) expect_exit: u8,
    /// It must still run when its time is over, as a daemon does
    #[arg(long, conflicts_with = "expect_exit")]
    pub(crate) expect_running: bool,
    #[command(flatten)]
    pub(crate) reports: Reports,
    /// What the program is given
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

const COMMAND_HELP: &str = "\
The program runs as root in the guest, in /run/command, which holds what was shipped, with busybox's tools in /bin.
Its environment: BPFCOMPAT_DIR (that folder), BPFCOMPAT_BIN (the program), BPFCOMPAT_OBJECT (the first object),
BPFCOMPAT_KERNEL (the kernel's release), PATH and HOME.";

#[derive(Debug, Args)]
#[command(after_help = COMPARE_HELP)]
pub(crate) struct Compare {
    /// What was: a JSON report, or a run's id or enough of its start
    pub(crate) base: String,
    /// What is: likewise
    pub(crate) head: String,
    /// What ends with 1: regression, new-failure, any; may be repeated
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "regression")]
    pub(crate) fail_on: Vec<FailOn>,
    /// Share of a figure from which on its change is told
    #[arg(long, value_name = "PERCENT", default_value_t = Thresholds::default().percent)]
    pub(crate) percent: u32,
    /// Instructions from which on a change is told; other figures follow from it
    #[arg(long, value_name = "INSTRUCTIONS", default_value_t = Thresholds::default().least)]
    pub(crate) least: u32,
    /// Also show figures that are not judged, and small changes
    #[arg(long)]
    pub(crate) stats: bool,
    /// Write the comparison as JSON to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write it as Markdown to a file, or to stdout with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

const COMPARE_HELP: &str = "\
Exit codes: 0 nothing to fail on, 1 something, 2 could not compare, 3 misuse. docs/COMPARE.md has the rules.";

/// Longest answer anybody may wait for, in seconds; controllers accept half an hour. A guest
/// without KVM verifies the largest known objects in minutes.
pub(crate) const TIMEOUT_SECONDS_MAX: i64 = 1800;

/// Evidence levels, as clap wants them.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    /// The verifier accepts every program
    Load,
    /// Every program is attached to its hook
    Attach,
    /// The manifest's checks pass while all programs are attached
    Behave,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// List runs, newest first
    List {
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Show one run with its matrix and reasons
    Show {
        /// The run, or enough of the start of its id
        run: String,
        #[command(flatten)]
        reports: Reports,
        /// Also show what the verifier counted: instructions, states, stack and size
        #[arg(long)]
        stats: bool,
    },
    /// Follow a run until it is over; ends as `test` would
    Watch {
        /// The run, or enough of the start of its id
        run: String,
    },
    /// Stop a run; cells that have a verdict keep it
    Cancel {
        /// The run, or enough of the start of its id
        run: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The run, enough of the start of its id, or a file with its JSON report
    pub(crate) run: String,
    /// Only this object, as the run names it
    #[arg(long, value_name = "NAME")]
    pub(crate) object: Option<String>,
    /// Only these kernels of the run: a selector or an id
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) kernel: Option<String>,
    /// Only this program, whether it decides or not
    #[arg(long, value_name = "NAME")]
    pub(crate) program: Option<String>,
    /// Print in full what loader, verifier and kernel said of these cells, in place of the explanation
    #[arg(long)]
    pub(crate) log: bool,
    /// Write the whole evidence of these cells as JSON, each by its digest; - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Kernels {
    /// List kernels, oldest first
    List {
        /// Only these [default: all]
        selector: Option<String>,
    },
    /// Show one kernel and what it offers to programs; locally that boots it once
    Show {
        /// An id, a release, or another selector of one kernel
        kernel: String,
        /// Also list helpers, kfuncs and LSM hooks by name
        #[arg(long)]
        names: bool,
    },
    /// Download kernels before they are needed
    Fetch {
        /// Which ones
        selector: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workers {
    /// List the controller's workers
    List,
    /// Show one worker: what it is, what it carries and what happened on it
    Show {
        /// Its name or the start of its id
        worker: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print the checks as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every setting in effect and where it came from
    Show,
    /// Find what is wrong with the settings; `doctor` looks at the machine
    Check,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Typed::command().debug_assert();
    }
}
