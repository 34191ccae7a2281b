//! `docs/SETTINGS.md` is what the code says of every setting. `BPFCOMPAT_WRITE_SETTINGS=1` writes it anew.

use super::Written;
use settings::reference;
use std::path::Path;

const HEAD: &str = "\
# Settings

Every program takes its defaults, then a file in TOML, then variables of its environment, then flags; what comes later
wins. Unknown keys are refused, and every problem is told at once with the key and where it came from. `config show`
prints what is in effect, without secrets; `config check` finds what is wrong and changes nothing. The command line's
file is `~/.config/bpfcompat/config.toml`; the daemons read the one that `--config` names. Times end in their unit. In a
variable a list is written `[a, b]` for the daemons, and levels are separated by two underscores.

";

fn page() -> String {
    let parts = [
        reference::<Written>("bpfcompat", "BPFCOMPAT_"),
        reference::<controller::Settings>("bpfcompat-controller", controller::ENV_PREFIX),
        reference::<worker::config::Config>("bpfcompat-worker", worker::config::ENVIRONMENT_PREFIX),
    ];
    HEAD.to_owned() + &parts.join("\n")
}

#[test]
fn the_page_tells_every_setting_as_the_code_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SETTINGS.md");
    if std::env::var_os("BPFCOMPAT_WRITE_SETTINGS").is_some() {
        std::fs::write(&file, page()).expect("it is written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page(),
        "docs/SETTINGS.md is not what the code says: BPFCOMPAT_WRITE_SETTINGS=1 writes it"
    );
}
