#!/bin/sh
# Installs what is missing, builds for release, and measures the table of speeds. Arguments go to bench/run.py, such as --quick.
set -eu
cd "$(dirname "$0")/.."

scripts/install.sh wrk python3
swift build -c release --product plumb
exec python3 -B bench/run.py --plumb "$(swift build -c release --show-bin-path)/plumb" "$@"
