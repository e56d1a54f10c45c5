#!/bin/bash
# A stock Thrift client against the real daemon: starts a one-bookie cluster and lets
# tests/rpc/stock_client_test.py call every method of its bookie.
# Usage: stock_client_on_bookie.sh QUIRE BOOKIE_DIRECTORY STOCK_CLIENT_TEST GENERATED_PYTHON
set -euo pipefail
quire=$1 stock_client=$3 generated=$4
export PATH="$2:$PATH"

work=$(mktemp -d)
cluster=
cleanup() {
  if [ -n "$cluster" ]; then
    kill -TERM "$cluster" 2>/dev/null || true
    wait "$cluster" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT

"$quire" cluster up --bookies 1 --dir "$work/cluster" >"$work/up.log" 2>&1 &
cluster=$!
for _ in $(seq 600); do
  grep -q '^ready' "$work/up.log" && break
  kill -0 "$cluster" 2>/dev/null || { cat "$work/up.log"; exit 1; }
  sleep 0.1
done
id=$(sed -n 's/^bookie: id=\([0-9a-f]*\) .*/\1/p' "$work/up.log")
address=$(sed -n 's/^bookie: .* address=\([^ ]*\) .*/\1/p' "$work/up.log")
/usr/bin/python3 -B "$stock_client" "$generated" "$address" "$id"
