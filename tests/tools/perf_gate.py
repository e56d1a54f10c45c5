#!/usr/bin/env python3
"""The gate of speed: ratios that hold on a slow, loaded machine and in a debug build too, with margins wide
enough that only a mistake in the design of a path trips them, never a bad minute of the machine.

Usage: perf_gate.py QUIRE JOURNAL_BENCHMARK"""
import json
import re
import subprocess
import sys
import tempfile

ATTEMPTS = 3  # a machine may stand still during one half of a comparison

# Journal records in one synced write with 256 outstanding: whatever comes while a write is under way goes with
# the next one. An undisturbed run has over 100; one record at a time has 1.
LEAST_BATCH = 8
# Of the whole path with nothing in it, for appends of 1 KB with 1,000 in flight. A debug build reaches 30 % and more.
LEAST_SHARE = 0.10
# Bytes that a byte in a copy costs on the disk, with 1,000 in flight: journal, segment, padding and index are about 2.2.
MOST_WRITTEN = 5.0
# Failover, in round trips that one append takes: 1,000 entries recovered one by one would take a thousand and more.
MOST_SEAL = 500


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def journal_batch(benchmark, directory):
    text = run([benchmark, directory, "0.2"])
    row = re.search(r"^ *256 +\S+ +(\S+) ", text, re.MULTILINE)
    if not row:
        sys.exit(f"{benchmark} printed no row of depth 256:\n{text}")
    return float(row.group(1))


def bench(quire, directory, *arguments):
    return json.loads(run([quire, "--output", "json", "bench", *arguments, "--local", "3", "--dir", directory]))


def gate(quire, benchmark):
    """What is wrong; empty: nothing."""
    with tempfile.TemporaryDirectory(prefix="quire-perf-") as directory:
        batch = journal_batch(benchmark, directory)
    with tempfile.TemporaryDirectory(prefix="quire-perf-") as directory:
        append = bench(quire, directory, "append", "--seconds", "3", "--warmup", "1", "--with-floor")
        failover = bench(quire, directory, "failover", "--rounds", "5", "--unconfirmed", "1000")
    share = append["share_of_floor"]
    written = append["bytes_written_per_byte_stored"]
    medians = {track["name"]: track["latency_us"]["p50"] for track in failover["tracks"]}
    seal = medians["seals"] / medians["first appends"]
    print(f"journal batch {batch:.0f}, share of floor {share:.0%}, bytes written for a byte {written:.2f}, "
          f"seal of 1,000 in appends {seal:.0f}")
    wrong = []
    if batch < LEAST_BATCH:
        wrong.append(f"journal batch {batch:.1f} < {LEAST_BATCH}: group commit does not group")
    if share < LEAST_SHARE:
        wrong.append(f"share of the floor {share:.1%} < {LEAST_SHARE:.0%}: see docs/performance.md")
    if written > MOST_WRITTEN:
        wrong.append(f"{written:.2f} bytes written for a byte stored > {MOST_WRITTEN}")
    if seal > MOST_SEAL:
        wrong.append(f"a seal takes as long as {seal:.0f} appends > {MOST_SEAL}: does it go entry by entry?")
    return wrong


def main():
    quire, benchmark = sys.argv[1:]
    for attempt in range(1, ATTEMPTS + 1):
        wrong = gate(quire, benchmark)
        if not wrong:
            return 0
        print(f"attempt {attempt}: " + "; ".join(wrong), flush=True)
    return 1


sys.exit(main())
