# Everything that people do with this checkout. `make` alone lists it.
.PHONY: help run test bench quality lint format soak simulate

help: ## list these
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

run: ## install, build, serve from ./.plumb, apply examples/storefront from git, serve until Ctrl-C
	@exec scripts/run.sh

test: ## install, build, run every test
	@exec scripts/test.sh

bench: ## measure the table of speeds, beside its limits
	@exec scripts/bench.sh

quality: ## precision, recall and false alarms of the charging detector, on sessions from a fixed seed
	@swift build -c release --product plumb -q && exec "$$(swift build -c release --show-bin-path)/plumb" quality

lint: ## check the formatting and the examples
	@swift format lint --strict --recursive Sources controllers Tests Package.swift
	@swift build --product plumb && for set in examples/*/; do "$$(swift build --show-bin-path)/plumb" lint -f "$$set" || exit 1; done

format: ## format all Swift in place
	@swift format --in-place --recursive Sources controllers Tests Package.swift

soak: ## long runs: 10,000 seeds of the simulator, three replicas and a failover, kill -9 in a loop
	@exec scripts/soak.sh

simulate: ## the simulator: PLUMB_SEED=n replays one with its log, PLUMB_SEEDS=n runs n of them
	@swift build --build-tests -q && swift test --skip-build --filter SimulationTests.SimulationTests/testFaultsLeaveNoTrace
