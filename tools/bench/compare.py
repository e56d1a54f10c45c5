#!/usr/bin/env python3
"""Measures Quire and its peers in turn, and prints what one does as a ratio to what the other does.

Started by compare.sh, which sees to it that everything is there."""
import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import measures
from bookkeeper_peer import BookKeeper
from servers import Servers, die_with_parent, limit, say, sync_disk


class Quire:
    """Each measurement has a cluster of its own, which goes with it."""

    def __init__(self, root, directory, seconds, warmup):
        self.command = [root / "build/release/tools/quire", "--output", "json", "bench"]
        self.directory = directory
        self.seconds = seconds
        self.warmup = warmup

    def run(self, arguments):
        timed = [] if arguments[0] in ("failover", "floor") else [
            "--seconds", self.seconds, "--warmup", self.warmup]
        local = ["--dir", self.directory] + ([] if arguments[0] == "floor" else ["--local", 3])
        command = [str(word) for word in self.command + arguments + timed + local]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=limit(self.seconds + self.warmup),
                              preexec_fn=die_with_parent)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:]
            raise RuntimeError(f"{' '.join(command)}: {last}")
        return json.loads(done.stdout)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def settle(options, directory):
    """Before each measurement: whoever runs now does what was due while it stood still, and nobody pays for
    what another one wrote."""
    time.sleep(options.settle)
    sync_disk(directory)


def compare_round(measure, quire, peers, servers, options, results):
    """One value of Quire, and the better one of the peers' settings, close in time. Whoever is not measured
    stands still."""
    settle(options, servers.directory)
    ours = measure.ours(quire.run(measure.quire))
    theirs = {}
    for peer in peers:
        with servers.turn(peer.processes):
            settle(options, servers.directory)
            theirs[peer.name] = measure.theirs(peer.ask(measure.peer(quire.seconds, quire.warmup),
                                                       limit(quire.seconds + quire.warmup)))
    best = (max if measure.more_is_better else min)(theirs, key=theirs.get)
    results.append({"quire": ours, "peers": theirs, "better": best, "ratio": ours / theirs[best]})
    say(f"{measure.name}: {ours:,.1f} {measure.unit}, BookKeeper {theirs[best]:,.1f} ({best}), "
        f"ratio {ours / theirs[best]:.2f}")


def report(chosen, results):
    """Rows for a person; the same as data."""
    rows = []
    lines = [f"{'measure':<46} {'unit':>5} {'Quire':>12} {'BookKeeper':>12} {'ratio':>7} "
             f"{'min':>7} {'max':>7}  target"]
    for measure in chosen:
        rounds = results[measure.name]
        if not rounds:
            continue
        ratio = spread([row["ratio"] for row in rounds])
        ours = spread([row["quire"] for row in rounds])
        theirs = spread([row["peers"][row["better"]] for row in rounds])
        rows.append({"measure": measure.name, "what": measure.what, "unit": measure.unit,
                     "target": measure.target, "ratio": ratio, "quire": ours, "bookkeeper": theirs,
                     "rounds": rounds})
        lines.append(f"{measure.name + ' ' + measure.what:<46} {measure.unit:>5} "
                     f"{ours['median']:>12,.1f} {theirs['median']:>12,.1f} {ratio['median']:>7.2f} "
                     f"{ratio['min']:>7.2f} {ratio['max']:>7.2f}  {measure.target}")
    return "\n".join(lines), rows


def parse():
    parser = argparse.ArgumentParser(
        prog="compare.sh", description="Quire beside its peers, in turn, in one run")
    parser.add_argument("--root", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, help="of everything (5)")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement (10)")
    parser.add_argument("--warmup", type=float, default=2, help="before each (2)")
    parser.add_argument("--jvm-warmup", type=float, default=20, help="of each JVM (20)")
    parser.add_argument("--settle", type=float, default=3,
                        help="seconds for what was stopped to come to rest before it is measured (3)")
    parser.add_argument("--only", help="names of measures (with --others: of systems), with commas; without it all")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="on the disk to measure")
    parser.add_argument("--json", type=pathlib.Path, help="file for everything that was measured")
    parser.add_argument("--others", action="store_true",
                        help="beside Kafka, etcd, NATS JetStream and Redis instead of BookKeeper")
    parser.add_argument("--list", action="store_true", help="show the measures")
    return parser.parse_args()


def beside_bookkeeper(options, directory, chosen):
    quire = Quire(options.root, directory, options.seconds, options.warmup)
    results = {measure.name: [] for measure in chosen}
    with Servers(directory) as servers:
        zookeeper = servers.zookeeper()
        classpath = options.root / "build/bench/bookkeeper/lib"
        peers = [BookKeeper(servers, zookeeper, classpath, flush) for flush in (True, False)]
        servers.stop()
        for peer in peers:
            with servers.turn(peer.processes):
                peer.warm_up(options.jvm_warmup)
        try:
            for number in range(options.rounds):
                say(f"round {number + 1} of {options.rounds}")
                for measure in chosen:
                    compare_round(measure, quire, peers, servers, options, results[measure.name])
        except KeyboardInterrupt:
            say("interrupted; what follows is what there is")
        memory = max(peer.memory() for peer in peers)
    text, rows = report(chosen, results)
    text += f"\nresident memory of a BookKeeper bookie at the end: {memory / 1e6:,.0f} MB"
    return text, {"measures": rows, "bookkeeper_bookie_bytes": memory}


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started and written goes
    chosen = [m for m in measures.ALL
              if not options.only or m.name in options.only.split(",")]
    if options.list:
        for measure in measures.ALL:
            print(f"{measure.name:<14} {measure.what}")
        return 0
    if not chosen and not options.others:
        say(f"no such measure: {options.only}; --list shows them")
        return 2
    with tempfile.TemporaryDirectory(prefix="quire-compare-", dir=options.dir) as directory:
        try:
            if options.others:
                import others
                text, data = others.compare(options, directory, Quire)
            else:
                text, data = beside_bookkeeper(options, directory, chosen)
        except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as error:
            say(f"{type(error).__name__}: {error}")
            keep = pathlib.Path(tempfile.mkdtemp(prefix="quire-compare-logs-"))
            for log in pathlib.Path(directory).glob("*.log"):
                (keep / log.name).write_bytes(log.read_bytes())
            say(f"the servers' logs are in {keep}")
            return 1
    print(text)
    if options.json:
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


sys.exit(main())
