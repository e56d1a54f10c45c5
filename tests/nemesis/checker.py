"""Judges one epoch of the nemesis test by what its clients saw: DIR/history/*.jsonl, the bytes that the
final readers got in DIR/final/READER/LEDGER, and what the driver itself noticed in DIR/driver.jsonl.

Usage: checker.py DIR. Prints counts and violations; exit 1 if there are any."""
import collections
import json
import pathlib
import sys
import zlib

# The store's own words for what may never happen, whatever is down (common/error.cc).
ALARMS = ("every replica denies a confirmed entry", "entry exists with other bytes")

Violation = collections.namedtuple("Violation", "kind ledger text")
Entry = collections.namedtuple("Entry", "mark size crc")


class Ledger:
    """What all clients together saw of one ledger."""

    def __init__(self, number):
        self.number = number
        self.invoked = {}    # mark -> Entry, in the order of the appends
        self.answers = {}    # mark -> list of events: ok, fail, unknown
        self.acks = []       # ok events, in the order they came
        self.ends = []       # (who, last, length) of each close, seal and final read
        self.seals = []      # times of seals that succeeded
        self.handles = collections.defaultdict(list)  # tail reader -> its lac and read events
        self.copies = []     # the entry with the fewest copies, as the bookies say
        self.finals = {}     # final reader -> its event
        self.bytes = {}      # final reader -> the file's bytes


class Epoch:
    """Everything that was recorded, by ledger."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.ledgers = {}
        self.counts = collections.Counter()
        self.violations = []
        self.listed = {}     # final role -> set of ledgers
        self.first = self.last = None
        for path in sorted((self.directory / "history").glob("*.jsonl")):
            for event in self._events(path):
                self._take(path.stem, event)
        driver = self.directory / "driver.jsonl"
        for event in self._events(driver) if driver.exists() else []:
            self.counts[event["e"]] += 1
            if event["e"] == "violation":
                self.complain(event["kind"], None, event["text"])
        for ledger in self.ledgers.values():
            for reader in ledger.finals:
                path = self.directory / "final" / reader / str(ledger.number)
                ledger.bytes[reader] = path.read_bytes() if path.exists() else b""

    def complain(self, kind, ledger, text):
        self.violations.append(Violation(kind, ledger.number if ledger else None, text))

    def ledger(self, number):
        return self.ledgers.setdefault(number, Ledger(number))

    def _events(self, path):
        lines = path.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], 1):  # behind the last newline: torn by a kill
            try:
                yield json.loads(line)
            except ValueError:
                self.complain("history", None, f"{path.name}:{number} is no JSON: {line[:80]!r}")

    def _take(self, client, event):
        kind = event["e"]
        self.counts[kind] += 1
        if any(alarm in event.get("error", "") for alarm in ALARMS):
            self.complain("alarm", self.ledger(event["l"]), f"{client}: {event['error']}")
        if kind == "listed":
            self.listed[client] = set(event["ledgers"])
        if "l" not in event:
            return
        ledger = self.ledger(event["l"])
        if kind == "invoke":
            mark = f"{event['w']}/{event['s']}"
            ledger.invoked[mark] = Entry(mark, event["n"], event["c"])
            self.first = min(self.first or event["t"], event["t"])
        elif kind in ("ok", "fail", "unknown"):
            ledger.answers.setdefault(f"{event['w']}/{event['s']}", []).append(event)
            if kind == "ok":
                ledger.acks.append(event)
                self.last = max(self.last or event["t"], event["t"])
        elif kind in ("close", "seal", "final"):
            ledger.ends.append((f"{kind} by {client}", event["last"], event["length"]))
            if kind == "seal":
                ledger.seals.append(event["t"])
            if kind == "final":
                ledger.finals[client] = event
                self.counts["most-segments"] = max(self.counts["most-segments"], event["segments"])
        elif kind == "copies":
            ledger.copies.append(event)
        elif kind in ("lac", "read"):
            ledger.handles[event["r"]].append(event)


def parse_frames(data):
    """The entries of a final reader's file; None: it does not consist of whole frames."""
    entries, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "little")
        payload = data[at + 4:at + 4 + size]
        if at + 4 > len(data) or len(payload) < size:
            return None
        end = payload[:64].find(b";")
        mark = payload[:end].decode("ascii", "replace") if end > 0 else ""
        entries.append(Entry(mark, size, zlib.crc32(payload)))
        at += 4 + size
    return entries


class LedgerCheck:
    """Holds one ledger against the final read of it."""

    def __init__(self, epoch, ledger):
        self.epoch, self.ledger = epoch, ledger

    def run(self):
        ledger = self.ledger
        if not ledger.finals:
            what = "stuck" if not ledger.seals else "unreadable"
            return self.complain(what, "when all faults were healed, it could not be "
                                 + ("sealed" if what == "stuck" else "read"))
        reader = min(ledger.finals)
        final = parse_frames(ledger.bytes[reader])
        if final is None:
            return self.complain("torn-final", f"the file of {reader} ends inside an entry")
        self.check_ends(final, reader)
        self.check_contents(final)
        self.check_order(final)
        self.check_acks(final)
        for fewest in ledger.copies:
            # Of a bookie that is gone for good a copy is believed: one in a write set may be.
            if fewest["entry"] >= 0 and fewest["copies"] + min(fewest["gone"], 1) < fewest["ack_quorum"]:
                self.complain("under-replicated", f"entry {fewest['entry']}: {fewest['copies']} copies where "
                              f"the metadata say, {fewest['gone']} bookies of its write set are gone")
        for handle, events in sorted(ledger.handles.items()):
            self.check_tail(final, handle, events)
        return None

    def complain(self, kind, text):
        self.epoch.complain(kind, self.ledger, text)

    def check_ends(self, final, reader):
        ledger = self.ledger
        if len({last for _, last, _ in ledger.ends}) > 1:
            self.complain("ends-differ", str(sorted({(last, who) for who, last, _ in ledger.ends})))
        if len({length for _, _, length in ledger.ends}) > 1:
            self.complain("lengths-differ", str(ledger.ends))
        for other, data in ledger.bytes.items():
            if data != ledger.bytes[reader]:
                self.complain("readers-differ", f"{reader} and {other} read different bytes")
        event = ledger.finals[reader]
        if len(final) != event["last"] + 1:
            self.complain("end", f"{len(final)} entries but last entry {event['last']}")
        total = sum(entry.size for entry in final)
        if total != event["length"] or total != event["header_length"]:
            self.complain("length", f"{total} bytes of payload, metadata say {event['length']}, "
                          f"the last entry {event['header_length']}")

    def check_contents(self, final):
        seen = {}
        for position, entry in enumerate(final):
            if entry.mark in seen:
                self.complain("duplicate", f"{entry.mark} at {seen[entry.mark]} and {position}")
            seen[entry.mark] = position
            told = self.ledger.invoked.get(entry.mark)
            if told is None:
                self.complain("phantom", f"entry {position} ({entry.mark!r}) was never appended")
            elif told != entry:
                self.complain("corrupt", f"entry {position}: appended {told}, read {entry}")
            if any(answer["e"] == "fail" for answer in self.ledger.answers.get(entry.mark, [])):
                self.complain("failed-present", f"{entry.mark} failed for sure, and is entry {position}")

    def check_order(self, final):
        """The ledger is a prefix of what was appended and did not fail for sure."""
        appended = [mark for mark in self.ledger.invoked
                    if all(a["e"] != "fail" for a in self.ledger.answers.get(mark, []))]
        for position, (entry, mark) in enumerate(zip(final, appended)):
            if entry.mark != mark:
                self.complain("order", f"entry {position} is {entry.mark!r}, append {position} was {mark}")
                return

    def check_acks(self, final):
        ledger = self.ledger
        for mark, answers in ledger.answers.items():
            if len(answers) > 1:
                self.complain("answered-twice", f"{mark}: {[a['e'] for a in answers]}")
            if mark not in ledger.invoked:
                self.complain("history", f"{mark} has an answer but no invoke")
        places = {entry.mark: position for position, entry in enumerate(final)}
        for count, ack in enumerate(ledger.acks):
            mark, entry = f"{ack['w']}/{ack['s']}", ack["id"]
            if entry != count:
                self.complain("ack-order", f"acknowledgement {count} is for entry {entry}")
            if places.get(mark) == entry:
                continue
            if mark in places:
                self.complain("wrong-id", f"{mark} acknowledged as {entry}, found at {places[mark]}")
            elif ledger.seals and ack["t"] > min(ledger.seals):
                self.complain("ack-after-seal", f"{mark} acknowledged as {entry} after a seal that "
                              f"ended the ledger at {len(final) - 1}")
            else:
                self.complain("lost", f"{mark} was acknowledged as entry {entry}; the ledger ends at "
                              f"{len(final) - 1}")

    def check_tail(self, final, handle, events):
        lac, closed, position = -1, False, 0
        for event in events:
            if event["e"] == "lac":
                if event["lac"] < lac or (closed and not event["closed"]):
                    self.complain("lac-backwards", f"{handle}: {event['lac']} after {lac}")
                lac, closed = event["lac"], event["closed"]
                if lac > len(final) - 1:
                    self.complain("lac-beyond-end", f"{handle} was told {lac}, the end is {len(final) - 1}")
                if closed and lac != len(final) - 1:
                    self.complain("closed-elsewhere", f"{handle} was told a close at {lac}")
                continue
            if event["first"] != position:
                self.complain("tail-gap", f"{handle} reads {event['first']} after {position - 1}")
            position = event["first"]
            for number, mark, size, crc in event["entries"]:
                if number != position:
                    self.complain("tail-gap", f"{handle} got {number} where {position} belongs")
                if number > lac:
                    self.complain("above-lac", f"{handle} read {number}, confirmed was {lac}")
                if number >= len(final) or final[number] != Entry(mark, size, crc):
                    self.complain("tail-differs", f"{handle} read {mark!r} as {number}; in the end it is "
                                  + (repr(final[number].mark) if number < len(final) else "not there"))
                position = number + 1


def check(directory):
    """The epoch, with `counts` and `violations` filled in."""
    epoch = Epoch(directory)
    for ledger in list(epoch.ledgers.values()):
        LedgerCheck(epoch, ledger).run()
        epoch.counts["tailed-entries"] += sum(len(event["entries"]) for events in
                                              ledger.handles.values() for event in events
                                              if event["e"] == "read")
        epoch.counts["unanswered"] += sum(mark not in ledger.answers for mark in ledger.invoked)
        epoch.counts["final-entries"] += sum(
            len(parse_frames(data) or []) for data in list(ledger.bytes.values())[:1])
    announced = {int(p.name) for p in (epoch.directory / "ledgers").glob("*")}
    for client, listed in epoch.listed.items():
        for number in sorted(announced - listed):
            epoch.complain("vanished", epoch.ledger(number), f"{client} does not find it listed")
    if epoch.first and epoch.last:
        epoch.counts["append-milliseconds"] = (epoch.last - epoch.first) // 1_000_000
    epoch.counts["ledgers"] = len(epoch.ledgers)
    return epoch


def main():
    epoch = check(sys.argv[1])
    for kind, count in sorted(epoch.counts.items()):
        print(f"{kind:20} {count}")
    for violation in epoch.violations:
        print(f"VIOLATION {violation.kind}: ledger {violation.ledger}: {violation.text}")
    return 1 if epoch.violations else 0


if __name__ == "__main__":
    sys.exit(main())
