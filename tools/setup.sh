#!/bin/bash
# Installs every Debian package that the build and the tests of Quire need. Debian 12; as root, or with
# sudo. Does nothing when all of them are there. Usage: tools/setup.sh
set -euo pipefail

packages=(
  # to build
  clang-19 lld-19 libclang-rt-19-dev cmake ninja-build ccache git
  libboost1.81-dev libthrift-dev thrift-compiler librocksdb-dev libzookeeper-mt-dev libcli11-dev
  libspdlog-dev libtomlplusplus-dev prometheus-cpp-dev libsystemd-dev nlohmann-json3-dev
  libisal-dev libjemalloc-dev libgtest-dev libgmock-dev
  # to look at the code
  clang-tidy-19 clang-format-19
  # to test and to try out: a real ZooKeeper, a stock Thrift client, the usual tools
  zookeeper default-jre-headless python3 python3-thrift procps iproute2 util-linux
)

say() { echo "setup: $*" >&2; }

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#packages[@]} packages are there"
  exit 0
fi

. /etc/os-release
if [ "${ID:-}" != debian ] || [ "${VERSION_ID:-}" != 12 ]; then
  say "this is ${PRETTY_NAME:-an unknown system}; Quire is built on Debian 12. Missing here: ${missing[*]}"
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "run it as root, or install sudo; missing: ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi

# Mirrors fail now and then: a few attempts, each a little later.
try() {
  local attempt
  for attempt in 1 2 3 4; do
    if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@"; then return 0; fi
    say "attempt $attempt of '$1 $2' failed"
    sleep $((attempt * 3))
  done
  say "'$*' failed; see above"
  return 1
}

say "installing ${missing[*]}"
try apt-get -q -o Acquire::Retries=3 update >&2
try apt-get -q -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends \
  "${missing[@]}" >&2
say "done"
