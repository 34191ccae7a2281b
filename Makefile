# Everything a person or a machine runs here; `make help` lists it. Cargo decides what is out of
# date in Rust, so those targets are phony and cheap to repeat.

SHELL := /bin/bash
.DEFAULT_GOAL := help

ARCH := $(shell uname -m)
GUEST := $(ARCH)-unknown-linux-gnu
GUEST_BINARIES := target/$(GUEST)/guest
VALIDATOR := $(GUEST_BINARIES)/bpfcompat-validator
BINARIES := -p cli -p controller -p worker

CORPUS := $(patsubst tests/corpus/objects/%.bpf.c,target/corpus/%.bpf.o,$(wildcard tests/corpus/objects/*.bpf.c))
# __TARGET_ARCH tells libbpf's headers how this machine passes arguments; Debian keeps asm/ in
# the multiarch folder, where clang does not look when the target is bpf.
BPF_CFLAGS := -O2 -g -Wall -Werror -target bpf -mcpu=v3 -idirafter /usr/include/$(ARCH)-linux-gnu \
	-D__TARGET_ARCH_$(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(ARCH)))

DEMO_KERNELS := 5.10,6.1,6.12,newest
DEMO_THIRD_PARTY := opensnoop execsnoop tcpconnect biolatency runqlat xsk_def_xdp_prog hid_xbox_elite_2
DEMO_CORPUS := kfunc_task_acquire null_unchecked
DEMO_OBJECTS := $(DEMO_THIRD_PARTY:%=target/third-party/%.bpf.o) $(DEMO_CORPUS:%=target/corpus/%.bpf.o)

.PHONY: help deps validator build build-debug corpus third-party demo test fuzz bench truth soak second-opinion third-party-study labelled since \
	queries clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages that are missing (root or sudo)
	@scripts/deps

# The explicit --target keeps build scripts and procedural macros dynamic; only the guest's own
# program is static, because the guest has no libc to load.
BUILD_FOR_GUESTS := RUSTFLAGS='-C target-feature=+crt-static' cargo build --profile guest --target $(GUEST)

validator: deps
	$(BUILD_FOR_GUESTS) -p bpfcompat-validator --bin bpfcompat-validator

# The other binaries look for the validator beside themselves.
build: validator ## release binaries in target/release
	cargo build --release $(BINARIES)
	@install -C $(VALIDATOR) target/release/

# Beside the validator, for the tests, a guest that takes its place and misbehaves, and a loader that has the
# validator inside.
build-debug: validator
	$(BUILD_FOR_GUESTS) -p hostile
	$(BUILD_FOR_GUESTS) -p bpfcompat-validator --example gate
	cargo build $(BINARIES)
	@install -C $(VALIDATOR) $(GUEST_BINARIES)/bpfcompat-hostile target/debug/

corpus: deps ## compile our known-answer objects to target/corpus
	@$(MAKE) -s --no-print-directory -j"$$(nproc)" $(CORPUS)

target/corpus/%.bpf.o: tests/corpus/objects/%.bpf.c $(wildcard tests/corpus/objects/*.h) Makefile
	@mkdir -p $(@D)
	clang $(BPF_CFLAGS) -c $< -o $@

third-party: deps ## get real objects of other projects to target/third-party
	@scripts/third-party-objects target/third-party

# The objects are chosen to pass, to fail and to differ; only "could not tell" (2) and misuse (3)
# are a failed demonstration.
demo: build corpus third-party ## ask about real objects on four real kernels
	@mkdir -p target/demo
	target/release/bpfcompat test $(DEMO_OBJECTS) --kernels '$(DEMO_KERNELS)' --json target/demo/report.json; \
		status=$$?; test $$status -le 1 || exit $$status
	@echo "The whole report is target/demo/report.json."

test: build-debug corpus third-party ## format, lints and every test
	cargo fmt --all -- --check
	cargo test -q --workspace --test structure
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace --all-targets
	cargo test --workspace --doc

FUZZ_SECONDS := 60
fuzz: deps ## every fuzz target for a minute (needs nightly Rust)
	@cd fuzz && for target in frame object log module manifest suite oci; do mkdir -p "corpus/$$target"; \
		cargo +nightly run --release --bin "$$target" -- -max_total_time=$(FUZZ_SECONDS) -malloc_limit_mb=64 \
			"corpus/$$target" "seeds/$$target" || exit 1; done

bench: build-debug corpus third-party ## clones beside cold boots (20 minutes); kept in docs/bench
	cargo run --release -p tests --example bench

truth: build-debug corpus ## a thousand clones and a hundred boots say what is known
	cargo run --release -p tests --example truth

SOAK_SECONDS := 1200
soak: build build-debug corpus ## cells while workers and guests are killed, then what is left
	cargo run --release -p tests --example soak -- $(SOAK_SECONDS)

target/third-party-every:
	scripts/third-party-objects --every $@.part
	mv $@.part $@

# The answers are kept in target/, so that `second_opinion compare` can be repeated without guests.
second-opinion: build-debug corpus target/third-party-every ## veristat beside us, in docs/second-opinion.md (an hour)
	@scripts/veristat target/veristat
	cargo run -p tests --example second_opinion -- ask target/veristat target/second-opinion.json \
		target/corpus target/third-party-every
	cargo run -p tests --example second_opinion -- compare target/second-opinion.json

third-party-study: build-debug target/third-party-every ## what they all meet, in docs/third-party.md (an hour)
	cargo run -p tests --example third_party -- target/third-party-every

labelled: build-debug ## the kernel's own labelled programs, in docs/labelled.md (half an hour)
	@scripts/labelled-objects target/labelled
	cargo run -p tests --example labelled -- target/labelled

since: ## the tables of first versions beside the BTF of every series from 5.10 on (fetches kernels)
	cargo run -p tests --example since

queries: deps ## regenerate .sqlx after a changed query or migration
	@scripts/queries

clean: ## remove everything that was built
	cargo clean
