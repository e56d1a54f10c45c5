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

say "building Quire (release)"
cmake --preset release >&2
cmake --build --preset release --parallel "$(nproc)" --target quire_cli bookie >&2

# Into build/bench/NAME; again only when something changed.
build_driver() {
  local name=$1 out=build/bench/$1
  local jar=$out/lib/$name-driver-1.jar
  if [ -f "$jar" ] && [ -z "$(find "tools/bench/$name" tools/bench/java-common -newer "$jar" -type f)" ]; then
    return
  fi
  say "building the drivers in tools/bench/$name"
  rm -rf "$out/lib"
  mvn -q -B -f "tools/bench/$name/pom.xml" package dependency:copy-dependencies \
    -DoutputDirectory="$root/$out/lib" -DincludeScope=runtime >&2
  cp "$out/$name-driver-1.jar" "$jar"
}

case " $* " in
*" --others "*)
  if ! command -v etcd >/dev/null || ! command -v redis-server >/dev/null; then
    say "installing etcd-server and redis-server (the comparison starts its own, on other ports)"
    "${as_root[@]}" apt-get -q update >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes \
      --no-install-recommends etcd-server redis-server >&2
  fi
  # Debian's NATS cannot sync each message; a later one comes as a Go module, where there is a Go for it.
  if [ ! -x build/bench/bin/nats-server ] && command -v go >/dev/null; then
    say "building nats-server 2.10.24"
    GOBIN=$root/build/bench/bin go install github.com/nats-io/nats-server/v2@v2.10.24 >&2 || true
  fi
  build_driver others
  export PATH=$root/build/bench/bin:$PATH
  ;;
*) build_driver bookkeeper ;;
esac

exec python3 -B "$here/compare.py" --root "$root" "$@"
