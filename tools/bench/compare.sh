#!/bin/bash
# Quire beside Apache BookKeeper (or, with --others, beside Kafka, etcd, NATS JetStream and Redis) on this
# machine, in turn, in one run: prints the ratio of each measure with its spread. Installs what the others
# need (a JDK and Maven; nothing of it is needed to build or test Quire) and builds what is missing.
# Usage: tools/bench/compare.sh [--rounds N] [--seconds S] [--only NAME,...] [--dir D] [--json FILE]; --help
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(cd "$here/../.." && pwd)
cd "$root"

say() { echo "compare: $*" >&2; }

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
if ! command -v javac >/dev/null || ! command -v mvn >/dev/null; then
  say "installing default-jdk-headless and maven"
  "${as_root[@]}" apt-get -q update >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends \
    default-jdk-headless maven >&2
fi

if [ ! -x build/release/tools/quire ] || [ ! -x build/release/bookie/bookie ]; then
  say "building Quire (release)"
  cmake --preset release >&2
  cmake --build --preset release --parallel "$(nproc)" --target quire_cli bookie >&2
fi

# Into build/bench/bookkeeper; again only when something changed.
driver=build/bench/bookkeeper
if [ ! -d $driver/lib ] || [ -n "$(find tools/bench/bookkeeper -newer $driver/lib -type f)" ]; then
  say "building the driver of BookKeeper"
  rm -rf $driver/lib
  mvn -q -B -f tools/bench/bookkeeper/pom.xml package dependency:copy-dependencies \
    -DoutputDirectory="$root/$driver/lib" -DincludeScope=runtime >&2
  cp $driver/bookkeeper-driver-*.jar $driver/lib/
  touch $driver/lib
fi

exec python3 -B "$here/compare.py" --root "$root" "$@"
