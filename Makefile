# Needs Rust, Python 3 and make; fuzzing a C++ compiler too. Every other tool is pinned, in cli/tools or
# here, and goes under .tools.

export PATH := $(CURDIR)/.tools/sam/bin:$(CURDIR)/.tools/fuzz/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

oracle := cli/tests/oracle
browser := cli/tests/browser

# What the tests run as release builds: the functions, and the example of handlers.
deployed := $(notdir $(wildcard functions/*)) handlers

cargo_fuzz := 0.13.2
export FUZZ_SECONDS ?= 60

# All of it, with the laboratory's faults: of one selection, so that the AWS SDK is built once for it. The
# trials build the same (lab/src/trial/programs.rs).
everything := --workspace --bins --tests --examples --locked

# What the functions are measured against.
baselines := lab/baselines
measured := receiver processor bare floor floor-processor

# Python tools by their direct needs, and beside each file its lock: every package that comes along, with the
# digests of its wheels for every platform and for Python 3.10 and later.
needs := $(wildcard cli/tools/*.in) $(baselines)/python/requirements.in
locked := --disable-pip-version-check --require-hashes --no-deps --only-binary :all:

.PHONY: help tools setup install package dev demo test arm arm64 chaos soak bench fuzz locks clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

tools: setup $(oracle)/node_modules/.ready $(browser)/node_modules/.ready

setup: .tools/sam/.ready .tools/emulator/.ready ## install the pinned tools under .tools

# `cargo install` puts it where cargo's own programs are, which rustup has put on the path.
install: ## put the command webhooks on the path
	cargo install --path cli --locked --quiet

# For people without Rust: the programs as zips, for the architecture that the template names, and a template that
# takes them.
architecture = $(subst _,-,$(shell sed -n 's/.*Architectures: \[\(.*\)\]/\1/p' template.yaml))
package: setup ## make zips and a template in target/package, to deploy without Rust
	cargo lambda build --release --locked --$(architecture) --output-format zip --lambda-dir target/package \
		$(addprefix --bin ,$(notdir $(wildcard functions/*)))
	python3 cli/tools/package.py template.yaml target/package/template.yaml
	cp samconfig.toml target/package

# Built apart: the command, and the functions as `cargo lambda` builds them, without the command's features.
dev: setup ## run the local stack
	cargo build --package webhooks-cli --locked
	cargo build --locked
	target/debug/webhooks dev

demo: setup ## run the local stack, send it signed deliveries and show what became of them
	cargo build --package webhooks-cli --locked
	cargo build --locked
	target/debug/webhooks demo --lost

# Release builds of the tests have no debug assertions and no faults, as what is deployed. Only that is optimised: it
# takes ten minutes.
test arm arm64: export CARGO_PROFILE_RELEASE_LTO := off
test arm arm64: export CARGO_PROFILE_RELEASE_OPT_LEVEL := 0
test arm arm64: export CARGO_PROFILE_RELEASE_CODEGEN_UNITS := 16

# Most tests wait most of the time, so the longest go on beside the others, and the release builds beside both. What
# needs those comes when they are there: `cargo lambda` moves what it has built, and two at once take it from each other.
longest := laptop permissions trials
with_release := deployment release
tests = $(notdir $(basename $(wildcard */tests/*.rs functions/*/tests/*.rs)) \
	$(patsubst %/main.rs,%,$(wildcard */tests/*/main.rs)))
test: tools ## build everything and run every test
	cargo build $(everything)
	cargo build --locked
	@{ nice -n 19 cargo lambda build --release --locked $(addprefix --bin ,$(deployed)) \
		&& touch target/release.done; } >target/release.log 2>&1 & release=$$!; \
		cargo test --workspace --locked $(addprefix --test ,$(longest)) >target/longest.log 2>&1 & longest=$$!; \
		cargo test --workspace --locked --lib --bins --examples \
			$(addprefix --test ,$(filter-out $(longest) $(with_release),$(tests))); tested=$$?; \
		wait $$longest || tested=$$?; cat target/longest.log; \
		wait $$release || { cat target/release.log; exit 1; }; exit $$tested
	cargo test --workspace --locked --doc
	cargo test --workspace --locked $(addprefix --test ,$(with_release)) -- --ignored

arm: setup .tools/arm/.ready arm64 ## build the functions for arm64 and run each of them in an emulator of its processors
	cargo build $(everything)
	cargo test --workspace --locked --test arm -- --ignored

# In a folder of its own, so that no other build waits for it.
arm64: setup .tools/arm/.ready
	CARGO_TARGET_DIR=target/for-arm64 cargo lambda build --release --arm64 --locked --lambda-dir target/arm64 \
		$(addprefix --bin ,$(notdir $(wildcard functions/*)))

chaos: setup ## kill the functions 10,000 times between their steps, and count what is lost
	cargo build $(everything)
	cargo test --workspace --locked --test model -- --ignored --nocapture
	target/debug/lab chaos

soak: setup ## send 100,000 deliveries while functions are killed and calls break, and count
	cargo build $(everything)
	target/debug/lab soak

simulate: setup ## let the functions' code work in simulated worlds: DELIVERIES=1000000, SEED=0
	cargo build --profile simulate --locked -p lab --bin lab
	target/simulate/lab pairs
	target/simulate/lab simulate --deliveries $(or $(DELIVERIES),1000000) --seed $(or $(SEED),0)

bench: setup .tools/baselines/.ready $(baselines)/node/node_modules/.ready ## measure the functions beside their floor, Python and Node
	cargo build $(everything)
	cargo lambda build --release --locked $(addprefix --bin ,$(measured))
	target/debug/lab bench

fuzz: .tools/fuzz/.ready ## look for inputs that break what reads them, FUZZ_SECONDS=60 for each reader
	@lab/fuzz/run

# Keeps what is locked where it still fits: remove a lock first to take the newest of everything.
locks: .tools/locks/.ready ## lock the Python tools again, after an edit of cli/tools/*.in
	@for file in $(basename $(needs)); do \
		.tools/locks/bin/uv pip compile --quiet --no-cache --no-config --universal --python-version 3.10 \
			--generate-hashes --only-binary :all: --no-annotate \
			--custom-compile-command "make locks" $$file.in --output-file $$file.txt || exit 1; \
	done

clean: ## remove what was built and installed
	rm -rf target .aws-sam .tools $(oracle)/node_modules $(browser)/node_modules $(baselines)/node/node_modules

.tools/sam/.ready: what := cargo-lambda, sam and node (once, about a minute)
.tools/checks/.ready: what := cargo-deny (once, a few seconds)
.tools/emulator/.ready: what := the AWS emulator (once, about half a minute)
.tools/locks/.ready: what := uv (once, a few seconds)

.tools/%/.ready: cli/tools/%.txt
	@echo "installing $(what)"
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "python3 cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@rm -rf $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install -q $(locked) -r $<
	@$(@D)/bin/pip check >/dev/null || { echo "$<: not complete; run make locks" >&2; exit 1; }
	@touch $@

.tools/fuzz/.ready: Makefile
	@echo "installing cargo-fuzz (once, about a minute)"
	@cargo install --quiet --locked --root $(@D) --version $(cargo_fuzz) cargo-fuzz
	@touch $@

# Debian's packages, unpacked here: the emulator, and the C library that the functions are linked with.
arm_packages := qemu-user-static libc6-arm64-cross libgcc-s1-arm64-cross
.tools/arm/.ready: Makefile
	@echo "installing an emulator of arm64 (once, some seconds)"
	@rm -rf $(@D) && mkdir -p $(@D)
	@cd $(@D) && apt-get download -qq $(arm_packages) 2>/dev/null \
		&& for package in *.deb; do dpkg -x $$package . || exit 1; done && rm -f *.deb \
		&& find usr/bin -type f ! -name qemu-aarch64-static -delete \
		|| { echo "apt-get has no $(arm_packages)" >&2; exit 1; }
	@rustup target add aarch64-unknown-linux-gnu
	@touch $@

.tools/baselines/.ready: $(baselines)/python/requirements.txt
	@echo "installing what Python's functions need (once, about a minute)"
	@rm -rf $(@D)
	@python3 -m pip install -q $(locked) --target $(@D)/python -r $<
	@touch $@

$(baselines)/node/node_modules/.ready: $(baselines)/node/package-lock.json .tools/sam/.ready
	@echo "installing what Node's functions need (once, a few seconds)"
	@.tools/sam/bin/npm ci --prefix $(baselines)/node --loglevel=error >/dev/null
	@touch $@

$(oracle)/node_modules/.ready: $(oracle)/package-lock.json .tools/sam/.ready
	@echo "installing the providers' own SDKs (once, about a minute)"
	@.tools/sam/bin/npm ci --prefix $(oracle) --loglevel=error >/dev/null
	@touch $@

$(browser)/node_modules/.ready: $(browser)/package-lock.json .tools/sam/.ready
	@echo "installing a browser (once, a few seconds)"
	@.tools/sam/bin/npm ci --prefix $(browser) --loglevel=error >/dev/null
	@touch $@
