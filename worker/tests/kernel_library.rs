//! The kernel library against a signed archive of the test's own: what is good arrives whole, and
//! of what is not nothing stays.

mod kernel_mirror;

use domain::digest::Digest;
use domain::kernel::Kernel;
use insight::wanted::Wanted;
use kernel_mirror::{Mirror, Published, deb, image, module, module_with};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use worker::kernel::{KernelError, Library, Progress};

const OLD: &str = "6.1.0-50-cloud-amd64";
const NEW: &str = "7.3.4+deb13-cloud-amd64";
const OLD_PACKAGE: &str = "linux-image-6.1.0-50-cloud-amd64";
const HOUR: Duration = Duration::from_hours(1);

fn quiet(_: Progress) {}

/// BTF that names one function of the kernel, `of_kernel`.
fn types() -> Vec<u8> {
    let names = b"\0of_kernel\0";
    let words = [24, 0, 12, 12, u32::try_from(names.len()).expect("small"), 1, 12 << 24, 0];
    [&[0x9f, 0xeb, 1, 0][..], &words.map(u32::to_le_bytes).concat(), names].concat()
}

/// One package with everything. `act_bpf` and `veth` are built in and `cls_bpf` needs a further module.
/// `leaf` and `other` have functions; `leaf` needs `root`, which needs what every guest has.
fn old_layout() -> Vec<Published<'static>> {
    let (cls, tool, ingress) = (module("tool-kit"), module(""), module(""));
    let leaf = module_with("root,act_bpf", &[("leaf_open", true), ("probe", false), ("of_kernel", false)]);
    let other = module_with("gone", &[("other_open", true), ("probe", true)]);
    let root = module_with("tool-kit", &[]);
    let package = deb(
        "xz",
        &[
            ("./boot/vmlinuz-6.1.0-50-cloud-amd64", &image(&types())),
            ("./boot/config-6.1.0-50-cloud-amd64", b"CONFIG_BPF=y\n"),
            ("./boot/vmlinuz-6.1.0-51-cloud-amd64", b"another kernel"),
            ("./lib/modules/6.1.0-50-cloud-amd64/../../../../../../etc/vmlinuz", b"hostile"),
            (
                "./lib/modules/6.1.0-50-cloud-amd64/modules.builtin",
                b"kernel/net/sched/act_bpf.ko\nkernel/drivers/net/veth.ko\n",
            ),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/lib/tool-kit.ko", &tool),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/net/sched/cls_bpf.ko", &cls),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/net/sched/sch_ingress.ko", &ingress),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/fs/leaf.ko", &leaf),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/fs/other.ko", &other),
            ("./lib/modules/6.1.0-50-cloud-amd64/kernel/fs/root.ko", &root),
        ],
    );
    vec![(OLD_PACKAGE, "6.1.176-1", "kmod", package)]
}

/// The same in the parts of the newer layout, each compressed in another way.
fn split_layout() -> Vec<Published<'static>> {
    let root = "./usr/lib/modules/7.3.4+deb13-cloud-amd64";
    let config = (format!("{root}/config"), b"CONFIG_BPF=y\n".to_vec());
    let builtin = (format!("{root}/modules.builtin"), Vec::new());
    let modules: Vec<(String, Vec<u8>)> = ["act_bpf", "cls_bpf", "sch_ingress", "veth"]
        .map(|name| (format!("{root}/kernel/net/sched/{name}.ko"), module("")))
        .into();
    let binary = (format!("{root}/vmlinuz"), b"no boot image".to_vec());
    let pack = |kind: &str, files: &[(String, Vec<u8>)]| {
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        deb(kind, &files)
    };
    let points = "linux-base-7.3.4+deb13-cloud-amd64, linux-binary-7.3.4+deb13-cloud-amd64";
    vec![
        ("linux-image-7.3.4+deb13-cloud-amd64", "7.3.4-1", points, b"empty".to_vec()),
        ("linux-binary-7.3.4+deb13-cloud-amd64", "7.3.4-1", "", pack("gz", &[binary])),
        ("linux-modules-7.3.4+deb13-cloud-amd64", "7.3.4-1", "", pack("zst", &modules)),
        ("linux-base-7.3.4+deb13-cloud-amd64", "7.3.4-1", "", pack("xz", &[config, builtin])),
    ]
}

async fn mirror_with_old_layout() -> Mirror {
    let mirror = Mirror::start().await;
    mirror.publish("bookworm", "", &old_layout());
    mirror
}

fn library(dir: &TempDir, mirror: &Mirror, suites: &[&str]) -> Library {
    Library::open(dir.path(), mirror.settings(suites)).expect("library opens")
}

async fn kernel(library: &Library, release: &str) -> Kernel {
    let catalogue = library.catalogue(HOUR, &quiet).await.expect("catalogue");
    catalogue.kernels.into_iter().find(|kernel| kernel.release == release).expect("kernel is listed")
}

/// Every file below `dir` except the empty locks and the verified list.
fn files(dir: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("directory") {
        let path = entry.expect("entry").path();
        if path.is_dir() && !path.ends_with("locks") {
            files.extend(self::files(&path));
        } else if path.is_file() && !path.ends_with("list.json") {
            files.push(path.display().to_string());
        }
    }
    files
}

fn names(paths: &[std::path::PathBuf]) -> Vec<&str> {
    paths.iter().filter_map(|path| path.file_name()?.to_str()).collect()
}

#[tokio::test]
async fn both_layouts_become_bundles_that_need_no_network_afterwards() {
    let mut mirror = mirror_with_old_layout().await;
    mirror.publish("bookworm-security", "", &old_layout());
    mirror.publish("trixie", "", &split_layout());
    let suites = ["bookworm", "bookworm-security", "trixie"];
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &suites);
    let (old, new) = (kernel(&library, OLD).await, kernel(&library, NEW).await);
    assert_eq!(old.suites, ["bookworm", "bookworm-security"]);
    assert_eq!(old.digest, Digest::of(&old_layout()[0].3));
    assert_eq!(new.digest, Digest::of(&split_layout()[1].3));

    let bundle = library.bundle(&old, &quiet).await.expect("old layout");
    assert_eq!(names(&bundle.modules), ["sch_ingress.ko", "tool_kit.ko", "cls_bpf.ko"]);
    let btf = bundle.btf.as_ref().expect("types");
    assert_eq!(std::fs::read(btf).expect("file"), types());
    assert!(bundle.config.is_some() && bundle.lacks.is_empty(), "{bundle:?}");
    let split = library.bundle(&new, &quiet).await.expect("split layout");
    assert_eq!(std::fs::read(&split.vmlinuz).expect("file"), b"no boot image");
    assert_eq!(names(&split.modules), ["sch_ingress.ko", "cls_bpf.ko", "act_bpf.ko", "veth.ko"]);
    assert!(split.btf.is_none() && split.lacks[0].contains("boot image"), "{split:?}");
    assert!(!files(dir.path()).iter().any(|file| file.ends_with(".part")), "packages are deleted");

    mirror.stop().await;
    let reopened = Library::open(dir.path(), mirror.settings(&suites)).expect("library opens");
    assert_eq!(reopened.known().expect("readable").expect("stored").kernels, [old.clone(), new]);
    assert_eq!(reopened.bundle_on_disk(&old.id), Some(bundle.clone()));
    assert_eq!(reopened.bundle(&old, &quiet).await.expect("from disk"), bundle);
    let first = bundle.initramfs(b"validator", None).expect("initramfs");
    assert_eq!(first, bundle.initramfs(b"validator", None).expect("from disk"));
    assert_eq!(first.modules[1], "/modules/tool_kit.ko");
    assert_ne!(first.digest, bundle.initramfs(b"another validator", None).expect("initramfs").digest);
}

#[tokio::test]
async fn a_tampered_index_or_signature_is_named_and_nothing_of_it_stays() {
    type Damage = fn(&Mirror);
    let damages: [(&str, Damage, &str); 5] = [
        (
            "signed text",
            |m| m.tamper(&m.file("dists/bookworm/InRelease"), |b| flip(b, b"Codename")),
            "InRelease of bookworm",
        ),
        (
            "signature",
            |m| m.tamper(&m.file("dists/bookworm/InRelease"), |b| *b = unsigned(b)),
            "InRelease of bookworm",
        ),
        ("index", |m| m.tamper(&m.index_file("bookworm"), |b| b[40] ^= 1), "package index of bookworm"),
        ("longer index", |m| m.tamper(&m.index_file("bookworm"), |b| b.push(0)), "package index of bookworm"),
        (
            "shorter index",
            |m| m.tamper(&m.index_file("bookworm"), |b| b.truncate(60)),
            "package index of bookworm",
        ),
    ];
    for (what, damage, named) in damages {
        let mirror = mirror_with_old_layout().await;
        damage(&mirror);
        let dir = TempDir::new().expect("directory");
        let library = library(&dir, &mirror, &["bookworm"]);
        let error = library.catalogue(HOUR, &quiet).await.expect_err(what);
        assert!(error.to_string().contains(named), "{what}: {error}");
        assert!(!error.is_unreachable(), "{what}: {error}");
        assert_eq!(files(dir.path()), [""; 0], "{what}");
        assert_eq!(library.known().expect("readable"), None, "{what}");
    }
}

fn flip(bytes: &mut [u8], word: &[u8]) {
    let at = bytes.windows(word.len()).position(|window| window == word).expect("word is there");
    bytes[at] ^= 1;
}

/// The text of a signed file without its signature.
fn unsigned(signed: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(signed.to_vec()).expect("text");
    let (_, body) = text.split_once("\n\n").expect("header");
    body.split("-----BEGIN").next().expect("body").as_bytes().to_vec()
}

#[tokio::test]
async fn a_tampered_package_is_named_and_nothing_of_it_stays() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] =
        [("changed", |b| b[100] ^= 1), ("longer", |b| b.push(0)), ("shorter", |b| b.truncate(100))];
    for (what, damage) in damages {
        let mirror = mirror_with_old_layout().await;
        let dir = TempDir::new().expect("directory");
        let library = library(&dir, &mirror, &["bookworm"]);
        let kernel = kernel(&library, OLD).await;
        let package = mirror.file(&format!("pool/{OLD_PACKAGE}.deb"));
        mirror.tamper(&package, damage);
        let error = library.bundle(&kernel, &quiet).await.expect_err(what).to_string();
        assert!(error.contains(OLD_PACKAGE), "{what}: {error}");
        if what == "changed" {
            let got = Digest::of(&std::fs::read(&package).expect("served"));
            assert!(
                error.contains(&kernel.digest.to_string()) && error.contains(&got.to_string()),
                "{error}"
            );
        }
        assert_eq!(files(dir.path()), [""; 0], "{what}");
        assert_eq!(library.bundle_on_disk(&kernel.id), None);
    }
}

#[tokio::test]
async fn keys_that_are_unknown_or_missing_stop_everything() {
    let (mirror, other) = (mirror_with_old_layout().await, Mirror::start().await);
    let dir = TempDir::new().expect("directory");
    for (keyring, named) in [
        (other.settings(&[]).keyring, "InRelease of bookworm"),
        (dir.path().join("no-such-keyring.gpg"), "no-such-keyring.gpg"),
    ] {
        let settings = worker::kernel::Settings { keyring, ..mirror.settings(&["bookworm"]) };
        let library = Library::open(&dir.path().join("library"), settings).expect("library opens");
        let error = library.sync(&quiet).await.expect_err("no such key").to_string();
        assert!(error.contains(named), "{error}");
        assert_eq!(files(dir.path()), [""; 0]);
    }
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke_off() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let first = library(&dir, &mirror, &["bookworm"]);
    let kernel = kernel(&first, OLD).await;
    mirror.cut(".deb", 100, 4);
    let error = first.bundle(&kernel, &quiet).await.expect_err("three tries were cut");
    assert!(error.is_unreachable() && error.to_string().contains(OLD_PACKAGE), "{error}");
    assert_eq!(mirror.requests(".deb"), [None, Some(100), Some(200)]);
    assert_eq!(first.bundle_on_disk(&kernel.id), None);

    let second = library(&dir, &mirror, &["bookworm"]);
    second.bundle(&kernel, &quiet).await.expect("the rest arrives");
    assert_eq!(mirror.requests(".deb")[3..], [Some(300), Some(400)]);
}

#[tokio::test]
async fn a_suite_the_mirror_lacks_and_one_past_its_date_are_warnings() {
    let mirror = Mirror::start().await;
    let dir = TempDir::new().expect("directory");
    let neither = library(&dir, &mirror, &["bookworm", "trixie"]);
    let error = neither.sync(&quiet).await.expect_err("nothing published").to_string();
    assert!(error.contains("suite bookworm") && error.contains("suite trixie"), "{error}");

    mirror.publish("bookworm", "Valid-Until: Sat, 03 Nov 2001 00:00:00 UTC\n", &old_layout());
    let catalogue = neither.sync(&quiet).await.expect("one suite is enough");
    assert_eq!(catalogue.kernels.len(), 1);
    let warned =
        |words: [&str; 2]| catalogue.warnings.iter().any(|w| words.iter().all(|word| w.contains(word)));
    assert!(
        warned(["suite trixie", "404"]) && warned(["suite bookworm", "2001"]),
        "{:?}",
        catalogue.warnings
    );
}

#[tokio::test]
async fn an_unchanged_index_is_not_downloaded_again_and_an_old_list_outlives_the_mirror() {
    let mut mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    for _ in 0..3 {
        library.sync(&quiet).await.expect("list");
    }
    assert_eq!((mirror.requests("InRelease").len(), mirror.requests("by-hash").len()), (3, 1));
    library.catalogue(HOUR, &quiet).await.expect("young enough");
    assert_eq!(mirror.requests("InRelease").len(), 3);

    mirror.stop().await;
    let old = library.catalogue(Duration::ZERO, &quiet).await.expect("the list on disk");
    assert_eq!(old.kernels.len(), 1);
    let warning = &old.warnings[0];
    assert!(warning.contains("could not be downloaded") && warning.contains("0 h 0 min old"), "{warning}");
    assert!(library.sync(&quiet).await.expect_err("asked for now").is_unreachable());
}

#[tokio::test]
async fn two_processes_fetch_a_kernel_once_and_a_damaged_bundle_is_replaced() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let (one, two) = (library(&dir, &mirror, &["bookworm"]), library(&dir, &mirror, &["bookworm"]));
    let kernel = kernel(&one, OLD).await;
    let (first, second) = tokio::join!(one.bundle(&kernel, &quiet), two.bundle(&kernel, &quiet));
    let bundle = first.expect("bundle");
    assert_eq!(bundle, second.expect("bundle"));
    assert_eq!(mirror.requests(".deb").len(), 1);

    mirror.tamper(&bundle.modules[0], |bytes| bytes[0] ^= 1);
    assert_eq!(one.bundle(&kernel, &quiet).await.expect("fetched again"), bundle);
    assert_eq!(mirror.requests(".deb").len(), 2);
}

/// What an object would want: these symbols, each of any module.
fn wanted(symbols: &[&str]) -> Vec<Wanted> {
    symbols.iter().map(|&symbol| Wanted { symbol: symbol.to_owned(), module: None }).collect()
}

#[tokio::test]
async fn modules_are_found_by_what_they_have_and_come_with_what_they_need() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    let kernel = kernel(&library, OLD).await;
    let bundle = library.bundle(&kernel, &quiet).await.expect("bundle");
    let names = ["leaf_open", "of_kernel", "no_such_function", "other_open", "probe"];
    let found = library.on_demand(&bundle, wanted(&names)).await.expect("intact");
    let modules: Vec<_> = found.modules.sought.iter().map(|sought| sought.module.as_deref()).collect();
    // The kernel has `of_kernel` itself, and a function that others see is found before one that only
    // its own file knows.
    assert_eq!(modules, [Some("leaf"), None, None, Some("other"), Some("other")]);
    let given: Vec<&str> = found.given.iter().map(|module| module.name.as_str()).collect();
    assert_eq!(given, ["root", "leaf"], "what every guest has is not given again");
    assert_eq!(found.given[0].file, module_with("tool-kit", &[]), "as it was in the package");
    let [left] = found.modules.left.as_slice() else { panic!("{:?}", found.modules.left) };
    assert!(left.name == "other" && left.why.contains("gone"), "{left:?}");

    let named = Wanted { symbol: "probe".to_owned(), module: Some("leaf".to_owned()) };
    let found = library.on_demand(&bundle, vec![named]).await.expect("intact");
    assert_eq!(found.given.len(), 2, "asked of one module, it is found there");
    let nothing = library.on_demand(&bundle, wanted(&["of_kernel"])).await.expect("intact");
    assert!(nothing.given.is_empty() && nothing.modules.searched, "{nothing:?}");
}

#[tokio::test]
async fn more_than_a_job_can_carry_is_left_out_and_said() {
    // Each needs the next, and the last one but few can come alone.
    let count = domain::JOB_MODULES_MAX + 2;
    let root = "./lib/modules/6.1.0-50-cloud-amd64/kernel";
    let chain: Vec<(String, Vec<u8>)> = (0..count)
        .map(|number| {
            let needs = if number + 1 < count { format!("m{}", number + 1) } else { String::new() };
            (format!("{root}/m{number}.ko"), module_with(&needs, &[(&format!("f{number}"), true)]))
        })
        .collect();
    let image = image(&types());
    let mut contents: Vec<(&str, &[u8])> = vec![("./boot/vmlinuz-6.1.0-50-cloud-amd64", &image)];
    contents.extend(chain.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
    let mirror = Mirror::start().await;
    mirror.publish("bookworm", "", &[(OLD_PACKAGE, "6.1.176-1", "kmod", deb("xz", &contents))]);
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    let bundle = library.bundle(&kernel(&library, OLD).await, &quiet).await.expect("bundle");
    let last = format!("f{}", count - 1);
    let found = library.on_demand(&bundle, wanted(&["f0", &last])).await.expect("intact");
    assert_eq!(found.given.len(), 1, "the one that fits is given");
    let [left] = found.modules.left.as_slice() else { panic!("{:?}", found.modules.left) };
    assert!(left.name == "m0" && left.why.contains(&domain::JOB_MODULES_MAX.to_string()), "{left:?}");
}

#[tokio::test]
async fn a_damaged_module_is_noticed_when_it_is_needed_and_its_kernel_fetched_again() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    let kernel = kernel(&library, OLD).await;
    let bundle = library.bundle(&kernel, &quiet).await.expect("bundle");
    let pack = bundle.dir.join("modules.pack");
    mirror.tamper(&pack, |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 1));
    let again = library.bundle(&kernel, &quiet).await.expect("nobody looked at the modules");
    let error = library.on_demand(&again, wanted(&["leaf_open"])).await.expect_err("damaged");
    assert!(matches!(error, KernelError::ModuleDamaged { .. }), "{error}");
    let fresh = library.bundle(&kernel, &quiet).await.expect("fetched again");
    assert_eq!(mirror.requests(".deb").len(), 2);
    assert_eq!(library.on_demand(&fresh, wanted(&["leaf_open"])).await.expect("intact").given.len(), 2);
}

#[tokio::test]
async fn a_bundle_of_another_layout_or_for_other_guests_is_fetched_again() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let first = library(&dir, &mirror, &["bookworm"]);
    let kernel = kernel(&first, OLD).await;
    let bundle = first.bundle(&kernel, &quiet).await.expect("bundle");
    let manifest = bundle.dir.join("bundle.json");
    for (fetches, (from, to)) in (2..).zip([("\"layout\": ", "\"layout\": 1"), ("\"veth\"", "\"dummy\"")]) {
        mirror.tamper(&manifest, |bytes| {
            *bytes = String::from_utf8_lossy(bytes).replacen(from, to, 1).into_bytes();
        });
        assert_eq!(first.bundle_on_disk(&kernel.id), None, "{to}");
        assert_eq!(first.bundle(&kernel, &quiet).await.expect("fetched again"), bundle);
        assert_eq!(mirror.requests(".deb").len(), fetches, "{to}");
    }
    // As the first version wrote it.
    mirror.tamper(&manifest, |bytes| {
        *bytes = String::from_utf8_lossy(bytes).replacen("\"layout\"", "\"other\"", 1).into_bytes();
    });
    assert_eq!(first.bundle_on_disk(&kernel.id), None);
}

#[tokio::test]
async fn a_kernel_whose_modules_are_gone_is_not_searched() {
    let mirror = Mirror::start().await;
    let image = image(&types());
    let contents: [(&str, &[u8]); 1] = [("./boot/vmlinuz-6.1.0-50-cloud-amd64", &image)];
    mirror.publish("bookworm", "", &[(OLD_PACKAGE, "6.1.176-1", "kmod", deb("xz", &contents))]);
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    let kernel = kernel(&library, OLD).await;
    let bundle = library.bundle(&kernel, &quiet).await.expect("it boots");
    assert!(bundle.lacks.iter().any(|lack| lack.starts_with("module veth ")), "{:?}", bundle.lacks);
    let found = library.on_demand(&bundle, wanted(&["leaf_open"])).await.expect("nothing to read");
    assert!(!found.modules.searched && found.given.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_kernel_nobody_lists_and_an_id_that_leads_elsewhere_are_refused() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let library = library(&dir, &mirror, &["bookworm"]);
    let listed = kernel(&library, OLD).await;
    for id in ["debian/9.9.0-1-cloud-amd64@9.9.9-1", "../../../etc", "debian/..", ""] {
        let id = domain::id::KernelId(id.to_owned());
        assert_eq!(library.bundle_on_disk(&id), None, "{id}");
        let error =
            library.bundle(&Kernel { id: id.clone(), ..listed.clone() }, &quiet).await.expect_err("unknown");
        assert!(matches!(error, KernelError::KernelUnknown { .. }), "{id}: {error}");
    }
    let other_build = Kernel { digest: Digest::of(b"another build"), ..listed };
    assert!(library.bundle(&other_build, &quiet).await.is_err(), "same name, other bytes");
}

#[tokio::test]
async fn opening_removes_what_dead_processes_left_and_says_where_it_cannot_write() {
    let mirror = mirror_with_old_layout().await;
    let dir = TempDir::new().expect("directory");
    let _first = library(&dir, &mirror, &["bookworm"]);
    let left = dir.path().join("bundles/.building-0=debian_x@1");
    std::fs::create_dir(&left).expect("directory");
    std::fs::write(left.join("vmlinuz"), b"half").expect("file");
    std::fs::write(dir.path().join("debian/.tmpAbCdEf"), b"half").expect("file");
    std::fs::write(dir.path().join("debian/00.part"), b"worth resuming").expect("file");
    let _second = library(&dir, &mirror, &["bookworm"]);
    let left = files(dir.path());
    assert!(left.len() == 1 && left[0].ends_with("00.part"), "{left:?}");

    let error =
        Library::open(Path::new("/sys/kernel/library"), mirror.settings(&[])).expect_err("not a place");
    assert!(matches!(error, KernelError::NotWritable { .. }), "{error:?}");
}
