#!/bin/bash
# Quire's main job, shown on this machine: installs what is missing, builds, starts a real ZooKeeper and
# five bookies, and lets one bookie and one writer die under load. Exit status 0 only if nothing that was
# acknowledged was lost. Everything it starts ends with it. Usage: tools/quickstart.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

step() { printf '\n== %s\n' "$*"; }
seen() { printf '   %s\n' "$*"; }
fail() {
  printf 'quickstart: FAILED: %s\n' "$*" >&2
  exit 1
}

work=
cluster=
writer=
feeder=
stop_all() {
  trap - EXIT INT TERM HUP
  for pid in $writer $feeder; do kill -KILL "$pid" 2>/dev/null || true; done
  if [ -n "$cluster" ]; then
    kill -TERM "$cluster" 2>/dev/null || true
    wait "$cluster" 2>/dev/null || true
  fi
  [ -z "$work" ] || rm -rf "$work"
}
trap 'stop_all' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Waits until a command succeeds, at most the given seconds.
await() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}
json() { python3 -c "import json,sys; info=json.load(sys.stdin); print($1)"; }
lines() { wc -l <"$1"; }

step "1. Packages"
tools/setup.sh

step "2. Build (release; the first time takes some minutes)"
cmake --preset release >/dev/null
cmake --build --preset release --parallel "$(nproc)" --target quire_cli bookie
PATH="$PWD/build/release/tools:$PWD/build/release/bookie:$PATH"

work=$(mktemp -d "${TMPDIR:-/tmp}/quire-quickstart-XXXXXX")
export LC_ALL=C.UTF-8 COLUMNS=110
guard="setpriv --pdeathsig TERM"  # what runs beside us ends with us even if nobody can tell it to

step "3. A real ZooKeeper and 5 bookies in $work"
$guard quire cluster up --bookies 5 --dir "$work/cluster" >"$work/up" 2>"$work/up.log" &
cluster=$!
started() { grep -q '^ready$' "$work/up" || ! kill -0 $cluster 2>/dev/null; }
await 90 started || fail "the cluster does not become ready"
grep -q '^ready$' "$work/up" || fail "the cluster did not start: $(cat "$work/up.log")"
sed 's/^/   /' "$work/up"
QUIRE_METADATA=$(sed -n 's/^metadata: //p' "$work/up")
export QUIRE_METADATA
pid_of() { sed -n "s/^bookie: id=$1 .*pid=//p" "$work/up"; }

step "4. Real input from this machine"
wanted=$((32 * 1024 * 1024))
{ find /var/lib/dpkg /var/lib/apt/lists /var/log /usr/share /usr/lib -xdev -type f -size +1k \
    -print0 2>/dev/null || true; } |
  { xargs -0 cat 2>/dev/null || true; } | { head -c $wanted || true; } >"$work/input"
bytes=$(stat -c %s "$work/input")
[ "$bytes" -ge 20000000 ] || fail "found only $bytes bytes of input"
seen "$bytes bytes: the package database, logs and shared files"

step "5. A writer stripes it over 3 of 5 bookies, 2 copies each; midway one bookie is killed (SIGKILL)"
half=$((bytes / 2 / 1048576))  # in MiB
# The first half at once; the rest slowly, so that the bookie dies under a writer that is at work.
feed() {
  head -c $((half * 1048576)) "$work/input"
  for ((part = half; part * 1048576 < bytes; part++)); do
    sleep 0.1
    dd if="$work/input" bs=1M skip=$part count=1 status=none
  done
}
mkfifo "$work/pipe" "$work/pipe2"
: >"$work/acks"
: >"$work/acks2"
feed >"$work/pipe" 2>/dev/null &
feeder=$!
$guard quire ledger write --ensemble 3 --write-quorum 2 --ack-quorum 2 --entry-size 4096 --report-acks \
  <"$work/pipe" >"$work/acks" 2>"$work/write.log" &
writer=$!
half_acked() { [ "$(lines "$work/acks")" -ge $((half * 256)) ] || ! kill -0 $writer 2>/dev/null; }
await 120 half_acked || fail "the writer does not get on: $(cat "$work/write.log")"
kill -0 $writer 2>/dev/null || fail "the writer ended too early: $(cat "$work/write.log")"
id=$(head -n 1 "$work/acks")
seen "ledger $id: $(($(lines "$work/acks") - 1)) entries are acknowledged"
victim=$(quire ledger info "$id" | json 'info["segments"][0]["bookies"][1]')
victim_pid=$(pid_of "$victim")
[ -n "$victim_pid" ] || fail "no process of bookie $victim"
kill -KILL "$victim_pid"
seen "killed bookie $victim (pid $victim_pid)"
seen "the writer goes on ..."
wait $writer || fail "the writer failed: $(cat "$work/write.log")"
writer=
feeder=
quire ledger info "$id" >"$work/info"
segments=$(json 'len(info["segments"])' <"$work/info")
[ "$segments" -ge 2 ] || fail "the ensemble did not change"
json '"\n".join("   from entry %5d: %s" % (s["first_entry"], "  ".join(b[:8] for b in s["bookies"]))
  for s in info["segments"])' <"$work/info"
seen "the writer went on with another bookie in place of ${victim:0:8}: $segments segments"

step "6. Another process reads all of it back, with one bookie dead"
quire ledger read "$id" >"$work/output"
cmp "$work/input" "$work/output" || fail "what was read is not what was written"
seen "$(stat -c %s "$work/output") bytes, the same as the input byte for byte"

step "7. A second writer is killed (SIGKILL) in full flight; another process recovers its ledger"
endless() { while cat "$work/input" 2>/dev/null; do :; done; }
endless >"$work/pipe2" &
feeder=$!
$guard quire ledger write --ensemble 3 --write-quorum 2 --ack-quorum 2 --entry-size 4096 --report-acks \
  <"$work/pipe2" >"$work/acks2" 2>"$work/write2.log" &
writer=$!
some_acked() { [ "$(lines "$work/acks2")" -ge 2000 ] || ! kill -0 $writer 2>/dev/null; }
await 60 some_acked || fail "the second writer does not get on: $(cat "$work/write2.log")"
kill -KILL $writer 2>/dev/null || fail "the second writer ended too early: $(cat "$work/write2.log")"
wait $writer 2>/dev/null || true
wait $feeder 2>/dev/null || true
writer=
feeder=
id2=$(head -n 1 "$work/acks2")
acked=$(($(lines "$work/acks2") - 1))
state=$(quire ledger info "$id2" | json 'info["state"]')
[ "$state" = open ] || fail "ledger $id2 is $state; the writer should have died before its close"
seen "ledger $id2: the writer died with $acked entries acknowledged"
seen "$(quire ledger seal "$id2")"
kept=$(quire ledger info "$id2" | json 'info["last_entry"] + 1')
[ "$kept" -ge "$acked" ] || fail "only $kept of $acked acknowledged entries are there"
quire ledger read "$id2" >"$work/output2"
[ "$(stat -c %s "$work/output2")" -eq $((kept * 4096)) ] || fail "the recovered ledger has a wrong length"
endless | head -c $((kept * 4096)) | cmp - "$work/output2" || fail "the recovered entries are not the input"
seen "all $acked acknowledged entries are there, and $((kept - acked)) more that were on their way;"
seen "their content is that of the input"

step "8. Where every entry lies"
quire ledger map "$id" | sed 's/^/   /'
echo
quire ledger map "$id2" | sed 's/^/   /'

step "All of it held: nothing that was acknowledged was lost"
