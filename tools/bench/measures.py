"""What is compared with BookKeeper: how each side is asked, and which number of the answer counts."""
import dataclasses
import typing


def _rate(answer):
    return answer["tracks"][0]["per_second"]


def _latency(quantile):
    return lambda answer: answer["tracks"][0]["latency_us"][quantile]


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    what: str
    unit: str
    target: str  # of the ratio Quire / BookKeeper
    quire: list  # arguments of `quire bench`
    command: str  # of Driver.java
    ours: typing.Callable
    theirs: typing.Callable
    more_is_better: bool = True

    def peer(self, seconds, warmup):
        return f"{self.command} seconds={seconds} warmup={warmup}"


def _throughput(name, what, target, quire, command):
    return Measure(name, what, "1/s", target, quire, command, _rate,
                   lambda answer: answer["per_second"])


def _time(name, what, target, quire, command, quantile):
    return Measure(name, what, "us", target, quire, command, _latency(quantile),
                   lambda answer: answer["latency_us"][quantile], more_is_better=False)


def _append(size, window, ledgers):
    return (["append", "--entry-size", size, "--window", window, "--ledgers", ledgers],
            f"append size={size} window={window} ledgers={ledgers}")


def _open_loop(rate):
    return ["append", "--rate", rate], f"append rate={rate}"


def _read(batched, entries):
    return (["read", "--pattern", "sequential", "--entries", entries],
            f"read batched={batched} entries={entries}")


def _failover(unconfirmed, rounds):
    return (["failover", "--unconfirmed", unconfirmed, "--rounds", rounds],
            f"failover unconfirmed={unconfirmed} rounds={rounds}")


ALL = [
    _throughput("P1-1", "append 1 KB, window 1000", ">= 5", *_append(1024, 1000, 1)),
    _throughput("P1-100", "the same, 100 ledgers", ">= 5", *_append(1024, 1000, 100)),
    _throughput("P1-10000", "the same, 10,000 ledgers", ">= 5", *_append(1024, 1000, 10000)),
    _throughput("P1b-100B", "append 100 B, window 1000", ">= 5", *_append(100, 1000, 1)),
    _throughput("P1b-64K", "append 64 KB, window 64", ">= 1.7", *_append(65536, 64, 1)),
    _time("P2-p50", "open loop 5,000/s, p50", "<= 0.33", *_open_loop(5000), "p50"),
    _time("P2-p99", "open loop 5,000/s, p99", "<= 0.20", *_open_loop(5000), "p99"),
    _time("P4", "append at depth 1, p50", "<= 0.6", *_append(1024, 1, 1), "p50"),
    _throughput("P6-one", "sequential read, theirs one by one", ">= 20", *_read(0, 500000)),
    _throughput("P6-batch", "sequential read, theirs batched", ">= 4", *_read(1, 500000)),
    _time("P7-1000", "failover, 1,000 above the LAC, p50", "<= 0.1", *_failover(1000, 10), "p50"),
    _time("P7-10", "failover, 10 above the LAC, p50", "<= 0.3", *_failover(10, 10), "p50"),
]
