#!/bin/sh
# Installs what is missing, builds, and runs every test. Arguments go to `swift test`, such as --filter CommandTests.
set -eu
cd "$(dirname "$0")/.."

scripts/install.sh python3 xmlsec1 openssl gnupg openssh-server
swift build --build-tests
# All tests are XCTest: without this a second runner would close with "0 tests".
exec swift test --skip-build --disable-swift-testing "$@"
