# The front door. `make` lists what it can do; each target sets up what it needs.

# The machine that the benchmarks run on, as cross/targets.toml names it.
HOST := $(shell uname -m)

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

# Trying it out, and testing it.

.PHONY: demo
demo: ## watch an address change reach SkyDNS and a dead tunnel come back, on a router made of namespaces
	sim/demo/run

.PHONY: test
test: ## formatting, lints, documentation, and every test; it installs what it needs on Debian
	tests/setup
	shellcheck -x .ci/run .ci/steps benches/run cross/build cross/no-std cross/reproduce cross/router/run cross/setup cross/size cross/test cross/tools/ar cross/tools/cc cross/tools/emulate cross/tools/musl cross/tools/rustc cross/wireguard/init cross/wireguard/run openwrt/relay/report sim/demo/* tests/run tests/setup tests/under-load
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	tests/run --workspace

.PHONY: test-loaded
test-loaded: ## all tests, five times in a row, while the processors are busy with something else
	tests/setup
	tests/under-load

FLEET_ARGS ?=

.PHONY: fleet
fleet: ## a million routers in memory: what the service sees of them (FLEET_ARGS='--routers 20000 --json outage')
	cargo run --locked --quiet --profile harness --package wansync-fleet -- $(FLEET_ARGS)

SOAK_MINUTES ?= 60

.PHONY: soak
soak: ## real tunnels side by side for an hour, with traffic and faults by a schedule (SOAK_MINUTES=20 SOAK_SEED=7)
	tests/setup
	cargo build --locked --release --package wansync
	SOAK_MINUTES=$(SOAK_MINUTES) WANSYNC_PROGRAM=$(CURDIR)/target/release/wansync \
	    cargo test --locked --test soak -- --ignored --exact soak --nocapture

.PHONY: release-check
release-check: ## what .ci/run leaves out: all targets' sizes and tests, the feed's build, WireGuard, reproducibility, all packages
	.ci/steps 'make size' 'make cross-test' 'make feed-test' 'make wireguard' 'make reproduce TARGET=mips' 'make packages'

# Routers: static binaries, one row of cross/targets.toml each.

TARGET ?= all

.PHONY: cross
cross: ## build wansync statically for routers (TARGET=mips for one of cross/targets.toml)
	cross/build $(TARGET)

.PHONY: no-std
no-std: ## build the core for a machine without an operating system
	cross/no-std

ARCH ?= mipsel
KERNEL ?=

.PHONY: router
router: ## boot an emulated router with wansync in it (ARCH=mips KERNEL=vmlinux for a big-endian one)
	cross/router/run $(ARCH) $(KERNEL)

.PHONY: wireguard
wireguard: ## run the tests that need the kernel's WireGuard, in a machine whose kernel has it (NAME=clock for some)
	cross/wireguard/run $(NAME)

.PHONY: cross-test
cross-test: ## run the tests with the routers' binaries, emulated (TARGET=mips for one)
	cross/test $(TARGET)

.PHONY: feed-test
feed-test: ## run the tests with binaries as OpenWrt's feed builds them
	cross/test --feed $(HOST) -- --test '*'
	cross/test --feed mips -- --test once --test daemon --test event --test sources

.PHONY: size
size: ## print the sizes; fail if one has grown by 2 % or is above a limit (UPDATE=1 records them)
	cross/size $(if $(UPDATE),--update,$(TARGET))

.PHONY: reproduce
reproduce: ## build one target here and in another folder, and compare the bytes (TARGET=mips)
	cross/reproduce $(TARGET:all=$(HOST))

.PHONY: packages
packages: ## pack wansync for OpenWrt into target/packages, .ipk and .apk (TARGET=mips)
	cross/build $(TARGET)
	cargo run --quiet --package wansync-pack -- release $(TARGET)

# Costs: the static binary measured beside an empty program.

BENCH_ARGS ?=

.PHONY: bench
bench: ## measure what a pass costs (BENCH_ARGS='--part idle --json FILE')
	benches/run $(HOST) $(BENCH_ARGS)
