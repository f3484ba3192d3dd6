# The front door. `make` lists what it can do; each target sets up what it needs.

# The machine that the benchmarks run on, as cross/targets.toml names it.
HOST := $(shell uname -m)

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# Routers: static binaries, one row of cross/targets.toml each.

TARGET ?= all

.PHONY: cross
cross: ## build wansync statically for routers (TARGET=mips for one of cross/targets.toml)
	cross/build $(TARGET)

# Costs: the static binary measured beside an empty program.

BENCH_ARGS ?=

.PHONY: bench
bench: ## measure what a pass costs (BENCH_ARGS='--part idle --json FILE')
	benches/run $(HOST) $(BENCH_ARGS)
