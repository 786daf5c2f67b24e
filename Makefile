# Two commands are enough: `make run` and `make test`. What they do is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run worker test chaos bench profile fmt lint clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what is missing and start Palomar on this machine (Ctrl-C stops it)
	@scripts/setup run
	@exec scripts/run

worker: ## The same for a worker of its own, where DATABASE_URL, REDIS_URL and SMTP_URL are set
	@scripts/setup run
	@exec scripts/run worker

test: ## Install what is missing and run every check that CI runs
	@scripts/setup test
	@exec scripts/test

chaos: ## Kill, freeze and restart everything while it sends, and count (ROUNDS=3 SEED=…)
	@scripts/setup test
	@exec scripts/chaos

bench: ## Measure against smtp-source on this machine and write docs/BENCHMARKS.md (QUICK=1 ONLY=…)
	@scripts/setup bench
	@exec scripts/bench

profile: ## Record where the time goes while it sends; flame graphs (SIZE=distributed WHAT=import)
	@scripts/setup profile
	@exec scripts/profile

fmt: ## Format the Rust sources
	@cargo fmt --all

lint: ## Formatting, layers, clippy and documentation, without the tests
	@exec scripts/test lint

clean: ## Remove what was built; tools and data stay
	@cargo clean --quiet --profile dev
	@cargo clean --quiet --release
	@rm -rf dist target/wasm target/wasm-debian
