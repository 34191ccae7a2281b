//! Lets `sys::btf` stand between libbpf and its own reading of the kernel's BTF.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for function in ["btf__load_vmlinux_btf", "btf__free"] {
        println!("cargo:rustc-link-arg-bins=-Wl,--wrap={function}");
    }
}
