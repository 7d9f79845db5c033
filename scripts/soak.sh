#!/bin/sh
# Long runs, for PLUMB_SOAK_MINUTES (default 10): the simulator with fresh seeds, kill -9 in a loop, replicas that sleep and come back.
# Each pass has a seed of its own, printed before it; PLUMB_SOAK_SEED begins at a known one.
set -eu
cd "$(dirname "$0")/.."

minutes="${PLUMB_SOAK_MINUTES:-10}"
seed="${PLUMB_SOAK_SEED:-$(date +%s)}"
# Seeds of the simulator and kills of a server in each pass.
seeds="${PLUMB_SEEDS:-500}"
kills="${PLUMB_KILLS:-50}"

case "$minutes$seed$seeds$kills" in
  *[!0-9]*) printf 'error: PLUMB_SOAK_MINUTES, PLUMB_SOAK_SEED, PLUMB_SEEDS and PLUMB_KILLS are whole numbers.\n' >&2; exit 3 ;;
esac

scripts/install.sh
swift build --build-tests
end=$(($(date +%s) + minutes * 60))
pass=0
while [ "$pass" -eq 0 ] || [ "$(date +%s)" -lt "$end" ]; do
  pass=$((pass + 1))
  seed=$((seed + 1))
  printf '== pass %d: PLUMB_SOAK_SEED=%d, %d seeds, %d kills\n' "$pass" "$((seed - 1))" "$seeds" "$kills"
  PLUMB_FIRST_SEED="$((seed * 1000))" PLUMB_SEEDS="$seeds" swift test --skip-build --filter SimulationTests
  PLUMB_SEED="$seed" PLUMB_KILLS="$kills" swift test --skip-build --filter ResilienceTests.KillLoopTests
  swift test --skip-build --filter ResilienceTests.ReplicaTests
  swift test --skip-build --filter ResilienceTests.DatabaseLossTests
done
printf 'soaked: %d passes without a fault\n' "$pass"
