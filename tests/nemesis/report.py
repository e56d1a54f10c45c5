"""The figures of a run."""
import collections

_SHOWN = 40  # violations; the rest is counted


class Report:
    def __init__(self, options, nemesis):
        self._options, self._nemesis = options, nemesis
        self._counts = collections.Counter()
        self._seconds = 0.0
        self._epochs = 0
        self._segments = 0
        self.violations = []

    def add(self, number, epoch, seconds):
        self._counts.update(epoch.counts)
        self._segments = max(self._segments, epoch.counts["most-segments"])
        self._seconds += seconds
        self._epochs += 1
        self.violations += [(number, violation) for violation in epoch.violations]
        counts = epoch.counts
        print(f"epoch {number}: {counts['ledgers']} ledgers, {counts['ok']} appends acknowledged, "
              f"{counts['seal']} seals, {counts['tailed-entries']} entries tailed, "
              f"{len(epoch.violations)} violations", flush=True)

    def print(self):
        counts = self._counts
        unknown = counts["unknown"] + counts["unanswered"]
        rate = counts["ok"] * 1000 / max(1, counts["append-milliseconds"])
        faults = ", ".join(f"{kind} {n}" for kind, n in sorted(self._nemesis.counts.items())) or "none"
        for number, violation in self.violations[:_SHOWN]:
            print(f"VIOLATION {violation.kind}: epoch {number}, ledger {violation.ledger}: {violation.text}")
        if len(self.violations) > _SHOWN:
            print(f"... and {len(self.violations) - _SHOWN} more")
        print(f"""
seed        {self._options.seed}, {self._epochs} epochs, {self._seconds:.0f} s
appends     {counts['invoke']}: {counts['ok']} ok, {counts['fail']} failed, {unknown} unknown ({
            counts['unanswered']} of killed writers); {rate:.0f} acknowledged a second
ledgers     {counts['ledgers']}: {counts['close']} closed by their writers ({
            counts['close-failed']} tries failed), {counts['create-failed']} creations failed; at most {
            self._segments} segments in one
seals       {counts['seal']} ({counts['seal-failed']} tries failed)
reads       {counts['tailed-entries']} entries by {counts['open']} tail readers ({
            counts['read-failed']} reads failed), {counts['final']} final reads of {counts['final-entries']} entries
faults      {sum(self._nemesis.counts.values())}: {faults}
exits       {counts['exit']} of servers by themselves: disk full, or no ZooKeeper at the start
violations  {len(self.violations)}""", flush=True)
