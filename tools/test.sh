#!/bin/bash
# Installs what is needed, builds Quire with all its tests (debug preset), and runs them.
# Usage: tools/test.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

tools/setup.sh
cmake --preset debug
cmake --build --preset debug --parallel "$(nproc)"
# Tests with real processes bring their own: more than two at once get in each other's way on two cores.
exec ctest --preset debug --parallel 2 --timeout 300 --output-on-failure
