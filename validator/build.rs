//! Lets `src/sys/wrap` of the binary stand between libbpf and what it would find out or make anew for every object.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for function in ["btf__load_vmlinux_btf", "btf__free", "get_kernel_version", "bpf_prog_load", "syscall"] {
        println!("cargo:rustc-link-arg-bins=-Wl,--wrap={function}");
    }
}
