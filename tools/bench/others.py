"""What else a user might pick, durable and as it comes, under the same loads as Quire.

Each system runs alone, on the same disk, with three nodes where it replicates."""
import json
import pathlib
import statistics
import subprocess
import tempfile

import others_systems
from servers import Servers, java_options, limit, say, sync_disk

# What is compared: name, settings of the drivers' loop, arguments of `quire bench`, number of the answer.
LOADS = [
    ("window 1000", "window=1000", ["append", "--window", 1000], "1/s"),
    ("open loop 1,000/s p50", "rate=1000", ["append", "--rate", 1000], "p50"),
    ("open loop 1,000/s p99", "rate=1000", ["append", "--rate", 1000], "p99"),
    ("depth 1 p50", "window=1", ["append", "--window", 1], "p50"),
]


def number(answer, what):
    return answer["per_second"] if what == "1/s" else answer["latency_us"][what]


def measure_quire(quire, directory):
    """An answer for each load that differs."""
    answers = {}
    for _, settings, arguments, _ in LOADS:
        if settings not in answers:
            sync_disk(directory)
            answers[settings] = quire.run(arguments)["tracks"][0]
    return answers


def measure_load(system, settings, options, home):
    """The driver's answer of a system that is started for it. Nothing else runs meanwhile."""
    classpath = options.root / "build/bench/others/lib"
    with Servers(home) as servers:
        addresses = system.start(servers, classpath)
        warmup = options.warmup + options.jvm_warmup
        command = java_options(classpath, "1g", "1g") + [
            "quire.bench.OthersDriver", system.driver, addresses, settings, *system.settings,
            f"seconds={options.seconds}", f"warmup={warmup}"]
        patience = limit(options.seconds + warmup)
        log = home / "driver.log"
        with open(log, "wb") as err:
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=err, check=False,
                                      timeout=patience)
            except subprocess.TimeoutExpired as expired:
                raise RuntimeError(f"no result in {patience:.0f} s") from expired
    if done.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RuntimeError(lines[0] if lines else "no output")
    return json.loads(done.stdout)


def measure_other(system, options, directory):
    """An answer for each load that differs."""
    answers = {}
    for settings in dict.fromkeys(load[1] for load in LOADS):
        with tempfile.TemporaryDirectory(prefix=f"{system.driver}-", dir=directory) as home:
            sync_disk(directory)
            try:
                answers[settings] = measure_load(system, settings, options, pathlib.Path(home))
            except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as error:
                raise RuntimeError(f"{settings}: {error}") from error
    return answers


def compare(options, directory, make_quire):
    """The table and the same as data. A system that is missing is left out; the row of one that fails in a
    round is of the other rounds. Both are said."""
    quire = make_quire(options.root, directory, options.seconds, options.warmup)
    turns = {"Quire": lambda: measure_quire(quire, directory)}
    for system in others_systems.ALL:
        if options.only and system.driver not in options.only.split(","):
            continue
        if reason := system.missing():
            say(f"{system.name}: left out: {reason}")
        else:
            turns[system.name] = lambda system=system: measure_other(system, options, directory)
    found = {name: [] for name in turns}
    for number_of_round in range(1, options.rounds + 1):
        for name, measure in turns.items():
            say(f"round {number_of_round} of {options.rounds}: {name}")
            try:
                found[name].append(measure())
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                say(f"{name}: {error}")
    return report(found, options.rounds)


def report(found, rounds):
    """Medians; with more than one round, the lowest and the highest of each below them."""
    lines = [f"{'system':<34}" + "".join(f"{load[0]:>24}" for load in LOADS)]
    data = {}
    for name, answered in found.items():
        data[name] = {load: [number(answers[settings], what) for answers in answered]
                      for load, settings, _, what in LOADS}
        if not answered:
            lines.append(f"{name:<34}  no result")
            continue
        cells = [shown(data[name][load], what) for load, _, _, what in LOADS]
        lines.append(f"{name:<34}" + "".join(f"{median:>24}" for median, _ in cells))
        if rounds > 1:
            lines.append(f"{f'  {len(answered)} of {rounds} rounds':<34}"
                         + "".join(f"{reach:>24}" for _, reach in cells))
    return "\n".join(lines), data


def shown(values, what):
    """The median, and from where to where."""
    def text(value):
        return f"{value:,.0f}" if what == "1/s" else f"{value / 1e3:,.2f}"
    unit = "/s" if what == "1/s" else " ms"
    return text(statistics.median(values)) + unit, f"{text(min(values))} to {text(max(values))}"
