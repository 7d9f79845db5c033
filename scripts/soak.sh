#!/bin/sh
# Long runs: ten thousand seeds of the simulator and a crash at each write; three replicas over a replicated PostgreSQL that are killed, put to sleep and
# cut off while the primary dies, for PLUMB_SOAK_MINUTES (default 10); then kill -9 in a loop. Every part prints the seed it ran with.
set -eu
cd "$(dirname "$0")/.."

minutes="${PLUMB_SOAK_MINUTES:-10}"
seed="${PLUMB_SOAK_SEED:-$(date +%s)}"
# Seeds of the simulator, and kills of a server.
seeds="${PLUMB_SEEDS:-10000}"
kills="${PLUMB_KILLS:-50}"

case "$minutes$seed$seeds$kills" in
  *[!0-9]*) printf 'error: PLUMB_SOAK_MINUTES, PLUMB_SOAK_SEED, PLUMB_SEEDS and PLUMB_KILLS are whole numbers.\n' >&2; exit 3 ;;
esac

scripts/install.sh
swift build --build-tests
printf '== PLUMB_SOAK_SEED=%d: %d seeds, %d minutes, %d kills\n' "$seed" "$seeds" "$minutes" "$kills"
PLUMB_FIRST_SEED="$((seed * 10000))" PLUMB_SEEDS="$seeds" PLUMB_CRASHES=10000 swift test --skip-build --filter SimulationTests.SimulationTests
PLUMB_SEED="$seed" swift test --skip-build --filter SimulationTests.WalkTests
PLUMB_SOAK_SECONDS="$((minutes * 60))" PLUMB_SEED="$seed" swift test --skip-build --filter ResilienceTests.SoakTests
PLUMB_SEED="$seed" PLUMB_KILLS="$kills" swift test --skip-build --filter ResilienceTests.KillLoopTests
PLUMB_SEED="$seed" PLUMB_KILLS="$kills" swift test --skip-build --filter ResilienceTests.GitSourceCrashTests
swift test --skip-build --filter ResilienceTests.ReplicaTests
swift test --skip-build --filter ResilienceTests.DatabaseLossTests
printf 'soaked without a fault\n'
