"""What else a user might pick, durable and as it comes, under the same loads as Quire.

Each system runs alone, on the same disk, with three nodes where it replicates."""
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import others_systems
from servers import Servers, java_options, say

# What is compared: name, settings of the drivers' loop, arguments of `quire bench`, number of the answer.
LOADS = [
    ("window 1000", "window=1000", ["append", "--window", 1000], "1/s"),
    ("open loop 1,000/s p50", "rate=1000", ["append", "--rate", 1000], "p50"),
    ("open loop 1,000/s p99", "rate=1000", ["append", "--rate", 1000], "p99"),
    ("depth 1 p50", "window=1", ["append", "--window", 1], "p50"),
]


def number(answer, what):
    return answer["per_second"] if what == "1/s" else answer["latency_us"][what]


def measure_quire(quire):
    """An answer for each load that differs."""
    answers = {}
    for _, settings, arguments, _ in LOADS:
        if settings not in answers:
            answers[settings] = quire.run(arguments)["tracks"][0]
    return answers


def measure_other(system, options, directory):
    answers = {}
    classpath = options.root / "build/bench/others/lib"
    for settings in dict.fromkeys(load[1] for load in LOADS):
        home = pathlib.Path(tempfile.mkdtemp(prefix=f"{system.driver}-", dir=directory))
        with Servers(home) as servers:
            addresses = system.start(servers, classpath)
            command = java_options(classpath, "1g", "1g") + [
                "quire.bench.OthersDriver", system.driver, addresses, settings, *system.settings,
                f"seconds={options.seconds}", f"warmup={options.warmup + options.jvm_warmup}"]
            log = home / "driver.log"
            with open(log, "wb") as err:
                try:
                    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=err, check=False,
                                          timeout=120 + 4 * options.seconds + options.jvm_warmup)
                except subprocess.TimeoutExpired as expired:
                    raise RuntimeError(f"{system.name} does not keep up with {settings}") from expired
        if done.returncode != 0:
            tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise RuntimeError(f"{system.name}, {settings}: {tail[0] if tail else 'no output'}")
        answers[settings] = json.loads(done.stdout)
        subprocess.run(["rm", "-rf", str(home)], check=True)
        time.sleep(1)
    return answers


def compare(options, directory, make_quire):
    """The table and the same as data. A system that is missing or fails is left out, and said so."""
    directory = pathlib.Path(directory)
    quire = make_quire(options.root, directory, options.seconds, options.warmup)
    found = {}
    chosen = [s for s in others_systems.ALL
              if not options.only or s.driver in options.only.split(",")]
    for round_number in range(1, options.rounds + 1):
        say(f"round {round_number} of {options.rounds}: Quire")
        found.setdefault("Quire", []).append(measure_quire(quire))
        for system in chosen:
            reason = system.missing()
            if reason:
                say(f"{system.name}: left out: {reason}")
                continue
            say(f"round {round_number} of {options.rounds}: {system.name}")
            try:
                found.setdefault(system.name, []).append(
                    measure_other(system, options, directory))
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                say(f"{system.name}: {error}")
    return report(found)


def report(found):
    lines = [f"{'system':<34}" + "".join(f"{load[0]:>24}" for load in LOADS)]
    data = {}
    for name, rounds in found.items():
        cells = []
        data[name] = {}
        for load, settings, _, what in LOADS:
            values = [number(answers[settings], what) for answers in rounds]
            if not values:
                continue
            data[name][load] = values
            middle = statistics.median(values)
            cells.append(f"{middle:>20,.0f}/s  " if what == "1/s" else f"{middle / 1e3:>19,.2f} ms  ")
        lines.append(f"{name:<34}" + "".join(cells))
    return "\n".join(lines), data
