# The verbs of this repository. `make` alone lists them. Every verb sets up what it needs: `.uv` (the installer),
# `.venv` (what uv.lock names) and the native module (what Cargo.lock names), each only when its inputs changed.

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

ifneq ($(CURDIR),$(ROOT))

# Called as `make -f /path/to/Makefile` from elsewhere: do the same work at home.
%: ; @$(MAKE) --no-print-directory -C $(ROOT) $@
.DEFAULT_GOAL := help
help: ; @$(MAKE) --no-print-directory -C $(ROOT) help

else

UV_VERSION := 0.13.9
DENY_VERSION := 0.20.2
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
UV := .uv/bin/uv
DENY := target/tools/bin/cargo-deny
SYNCED := .venv/.synced
NATIVE := src/yett/_native.abi3.so
GATEWAY := target/release/yett-gateway
CDYLIB := target/release/libyett_py.$(if $(filter Darwin,$(shell uname)),dylib,so)
RUST_SOURCES := Cargo.toml Cargo.lock rust-toolchain.toml $(shell find crates -name '*.rs' -o -name Cargo.toml)

# The platform's own certificate store, so that a company's root is trusted; no interpreter is ever downloaded.
export UV_SYSTEM_CERTS ?= 1
export UV_PYTHON_DOWNLOADS ?= never
export UV_PROJECT_ENVIRONMENT := .venv
# One interpreter for every cargo call: pyo3 is rebuilt whenever this changes.
export PYO3_PYTHON := $(ROOT)/$(BIN)/python
# The native module finds Python in the process that loads it.
export PYO3_BUILD_EXTENSION_MODULE := 1
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help demo test test-rust test-python check fmt lint types audit fuzz bench efficacy build docs
.DELETE_ON_ERROR:
# The order of what a verb needs is the order of the output: the tests come last.
.NOTPARALLEL:

help: ## show this list
	@echo "usage: make <verb> [ARGS=...]"; echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

demo: build ## build everything, run the bookshop behind the gateway, print what to try (ARGS=--once: try it and stop)
	@$(BIN)/python examples/bookshop/demo.py $(ARGS)

test: build test-rust test-python ## build everything and run every test (ARGS goes to pytest)

check: lint types audit test ## everything that continuous integration runs: format, lint, types, audits, tests

fmt: $(SYNCED) ## format Python and Rust, and mend what the linter can mend
	$(BIN)/ruff check --fix-only -q
	$(BIN)/ruff format
	cargo fmt --all

fuzz: $(SYNCED) ## fuzz every parser that meets the network, a minute each (SECONDS_EACH=10: shorter; ARGS="NAME...")
	@fuzz/run $(ARGS)

bench: build ## measure beside nginx, HAProxy and Envoy (BENCH_QUICK=1: shorter)
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.contract

efficacy: build ## what the injection guard catches and stops by mistake, on the corpora (ARGS=--write: into the docs)
	@$(BIN)/python -m bench.efficacy $(ARGS)

docs: build ## renew the generated pages and schemas, and the documentation of the crates
	$(BIN)/python -m pytest -q --update -m generated
	cargo doc --locked --workspace --no-deps -q

build: $(SYNCED) $(NATIVE) $(GATEWAY) ## build the native module and the standalone gateway, in release

# In the development profile: overflow checks and debug assertions are on, and no test binary waits for link-time
# optimisation. yett-py has no logic; its tests are the ones in Python.
test-rust: $(SYNCED)
	cargo test --locked --workspace --exclude yett-py -q

test-python: build
	$(BIN)/python -m pytest $(ARGS)

lint: $(SYNCED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -q -- -D warnings

types: $(SYNCED)
	$(BIN)/mypy

audit: $(SYNCED) $(DENY)
	.ci/audit

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The project itself is a path entry and a command: its native module is copied to where the sources are.
$(SYNCED): uv.lock pyproject.toml | $(UV)
	$(UV) sync --frozen --no-install-project --python "$$(command -v $(PYTHON))"
	@echo $(ROOT)/src > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/yett.pth"
	@printf '#!%s\nimport sys\n\nfrom yett.cli import main\n\nsys.exit(main())\n' $(ROOT)/$(BIN)/python > $(BIN)/yett
	@chmod +x $(BIN)/yett
	@rm -f $(NATIVE)
	@touch $@

# Both artefacts come from one call of cargo: what they share is built once, and their link-time optimisation, which is
# most of the time and has one thread each, runs side by side.
$(NATIVE): $(RUST_SOURCES) | $(SYNCED)
	cargo build --release --locked -p yett-proxy -p yett-py
	cp $(CDYLIB) $@.new
	mv $@.new $@
	@touch $(GATEWAY) $@

$(GATEWAY): $(NATIVE)
	@test -e $@ || cargo build --release --locked -p yett-proxy -p yett-py
	@touch $@

# A tool that runs for seconds need not be optimised for minutes.
$(DENY):
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
		cargo install --locked --root target/tools --target-dir target/tools/build cargo-deny@$(DENY_VERSION)

endif
