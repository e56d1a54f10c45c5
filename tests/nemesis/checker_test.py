#!/usr/bin/env python3
"""Shows that the checker accepts a sound history and finds each anomaly in one that is made unsound."""
import json
import pathlib
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True
import checker  # noqa: E402


def payload(seq, filler=b"...."):
    return b"w1.0/%d;" % seq + filler * (seq + 1)


def frame(data):
    return len(data).to_bytes(4, "little") + data


class History:
    """One ledger: five appends of which the fourth failed for sure and the last is unknown but kept;
    a close, a seal, a tail reader and two final readers."""

    LEDGER = 7

    def __init__(self):
        self.writer = [self.event("create", w="w1.0")]
        for seq in range(5):
            data = payload(seq)
            self.writer.append(self.event("invoke", w="w1.0", s=seq, n=len(data), c=zlib.crc32(data)))
        for seq in range(3):
            self.writer.append(self.event("ok", 200 + seq, w="w1.0", s=seq, id=seq))
        self.writer.append(self.event("fail", 210, w="w1.0", s=3, id=-1, error="closed"))
        self.writer.append(self.event("unknown", 211, w="w1.0", s=4, id=3, error="fenced"))
        self.kept = [payload(seq) for seq in (0, 1, 2, 4)]
        self.recoverer = [self.event("seal", 300, **self.end())]
        self.tailer = [self.event("open", r="t#0"), self.lac(1), self.read(0, 1), self.lac(3, closed=True),
                       self.read(2, 3)]
        self.finals = {"final.a": list(self.kept), "final.b": list(self.kept)}
        self.final_ends = {name: self.end() for name in self.finals}
        self.driver = [{"e": "fault", "t": 1, "kind": "kill-bookie"}]
        self.listed = [self.LEDGER]
        self.torn = b""

    def event(self, kind, time=100, **fields):
        return {"e": kind, "t": time, "l": self.LEDGER, **fields}

    def end(self):
        return {"last": len(self.kept) - 1, "length": sum(map(len, self.kept))}

    def lac(self, lac, closed=False):
        return self.event("lac", r="t#0", lac=lac, closed=closed)

    def read(self, first, last):
        entries = [[i, self.kept[i].split(b";")[0].decode(), len(self.kept[i]), zlib.crc32(self.kept[i])]
                   for i in range(first, last + 1)]
        return self.event("read", r="t#0", first=first, entries=entries)

    def keep(self, seqs):
        """The ledger ends with exactly these, and whoever reads it tells the same."""
        self.kept = [payload(seq) for seq in seqs]
        self.finals = {name: list(self.kept) for name in self.finals}
        self.final_ends = {name: self.end() for name in self.finals}
        self.recoverer = [self.event("seal", 300, **self.end())]
        self.tailer = []

    def write(self, directory):
        files = {"w1.0": self.writer, "r1.0": self.recoverer, "t1.0": self.tailer}
        for name, payloads in self.finals.items():
            header = {"header_length": self.final_ends[name]["length"], "segments": 1}
            files[name] = [{"e": "listed", "t": 400, "ledgers": self.listed},
                           self.event("final", 400, **{**header, **self.final_ends[name]})]
            path = directory / "final" / name / str(self.LEDGER)
            path.parent.mkdir(parents=True)
            path.write_bytes(b"".join(map(frame, payloads)) + self.torn)
        (directory / "history").mkdir()
        for name, events in files.items():
            text = "".join(json.dumps(event) + "\n" for event in events)
            (directory / "history" / f"{name}.jsonl").write_text(text)
        (directory / "ledgers").mkdir()
        (directory / "ledgers" / str(self.LEDGER)).touch()
        (directory / "driver.jsonl").write_text("".join(json.dumps(e) + "\n" for e in self.driver))


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.history = History()

    def kinds(self):
        with tempfile.TemporaryDirectory() as name:
            self.history.write(pathlib.Path(name))
            return {violation.kind for violation in checker.check(name).violations}

    def assert_found(self, *kinds):
        found = self.kinds()
        self.assertTrue(set(kinds) <= found, f"{kinds} not all in {found}")

    def test_a_sound_history_is_accepted_and_counted(self):
        with tempfile.TemporaryDirectory() as name:
            self.history.write(pathlib.Path(name))
            epoch = checker.check(name)
        self.assertEqual(epoch.violations, [])
        self.assertEqual([epoch.counts[k] for k in ("ok", "fail", "unknown", "unanswered", "final-entries")],
                         [3, 1, 1, 0, 4])

    def test_an_unknown_append_may_be_missing(self):
        self.history.keep([0, 1, 2])
        self.assertEqual(self.kinds(), set())

    def test_a_line_torn_by_a_kill_is_no_violation(self):
        with tempfile.TemporaryDirectory() as name:
            self.history.write(pathlib.Path(name))
            with open(pathlib.Path(name) / "history" / "w1.0.jsonl", "a", encoding="utf-8") as file:
                file.write('{"e":"invo')
            self.assertEqual(checker.check(name).violations, [])

    def test_garbage_in_the_middle_is_found(self):
        with tempfile.TemporaryDirectory() as name:
            self.history.write(pathlib.Path(name))
            with open(pathlib.Path(name) / "history" / "w1.0.jsonl", "a", encoding="utf-8") as file:
                file.write("garbage\n")
            self.assertEqual({v.kind for v in checker.check(name).violations}, {"history"})

    def test_lost(self):
        self.history.keep([0, 1])
        self.history.recoverer[0]["t"] = 150
        for event in self.history.writer[-5:]:
            event["t"] = 120
        self.assert_found("lost")

    def test_ack_after_seal(self):
        self.history.keep([0, 1])
        self.history.recoverer[0]["t"] = 150
        self.assert_found("ack-after-seal")

    def test_lost_from_the_middle(self):
        self.history.keep([0, 2, 4])
        self.assert_found("lost", "wrong-id", "order")

    def test_duplicate(self):
        self.history.keep([0, 1, 1, 2])
        self.assert_found("duplicate", "order", "wrong-id")

    def test_order(self):
        self.history.keep([0, 2, 1, 4])
        self.assert_found("order", "wrong-id")

    def test_failed_present(self):
        self.history.keep([0, 1, 2, 3])
        self.assert_found("failed-present")

    def test_phantom(self):
        self.history.keep([0, 1, 2, 4, 9])
        self.assertEqual(self.kinds(), {"phantom"})

    def test_corrupt(self):
        for final in self.history.finals.values():
            final[1] = payload(1, b"oops")
        self.assert_found("corrupt", "tail-differs")

    def test_readers_differ(self):
        self.history.finals["final.b"][3] = payload(4, b"oops")
        self.assertEqual(self.kinds(), {"readers-differ"})

    def test_torn_final(self):
        self.history.torn = b"\x09\x00"
        self.assertEqual(self.kinds(), {"torn-final"})

    def test_two_seals_tell_different_ends(self):
        self.history.recoverer.append(self.history.event("seal", 301, last=2, length=99))
        self.assert_found("ends-differ", "lengths-differ")

    def test_a_closed_ledger_changes(self):
        self.history.writer.append(self.history.event("close", 220, **self.history.end()))
        self.history.keep([0, 1, 2])
        self.assert_found("ends-differ")

    def test_end_and_entries_differ(self):
        for final in self.history.finals.values():
            final.pop()
        self.assert_found("end", "tail-differs")

    def test_length(self):
        for end in self.history.final_ends.values():
            end["length"] += 1
        self.history.recoverer[0]["length"] += 1
        self.assertEqual(self.kinds(), {"length"})

    def test_ack_order(self):
        writer = self.history.writer
        writer[6], writer[7] = writer[7], writer[6]
        self.assertEqual(self.kinds(), {"ack-order"})

    def test_answered_twice(self):
        self.history.writer.append(self.history.event("unknown", w="w1.0", s=0, id=0))
        self.assertEqual(self.kinds(), {"answered-twice"})

    def test_lac_backwards(self):
        self.history.tailer.insert(3, self.history.lac(0))
        self.assertEqual(self.kinds(), {"lac-backwards"})

    def test_lac_beyond_end(self):
        self.history.tailer.insert(3, self.history.lac(9))
        self.assert_found("lac-beyond-end")

    def test_closed_elsewhere(self):
        self.history.tailer.insert(3, self.history.lac(2, closed=True))
        self.assert_found("closed-elsewhere")

    def test_tail_reads_what_is_not_in_the_end(self):
        self.history.keep([0, 1, 2])
        longer = History()
        self.history.tailer = longer.tailer
        self.assert_found("tail-differs", "lac-beyond-end")

    def test_tail_gap(self):
        self.history.tailer[4]["first"] = 3
        self.assert_found("tail-gap")

    def test_above_lac(self):
        self.history.tailer[3]["closed"] = False
        self.history.tailer[3]["lac"] = 2
        self.assertEqual(self.kinds(), {"above-lac"})

    def test_alarm(self):
        self.history.tailer.append(self.history.event(
            "read-failed", r="t#0", error="entry 3: every replica denies a confirmed entry"))
        self.assertEqual(self.kinds(), {"alarm"})

    def test_stuck(self):
        self.history.finals = {}
        self.history.recoverer = []
        self.assertEqual(self.kinds(), {"stuck"})

    def test_unreadable(self):
        self.history.finals = {}
        self.assertEqual(self.kinds(), {"unreadable"})

    def test_under_replicated(self):
        def copies(copies, gone):
            return self.history.event("copies", ack_quorum=2, entry=1, copies=copies, gone=gone)
        self.history.recoverer += [copies(2, 0), copies(1, 1)]
        self.assertEqual(self.kinds(), set())
        self.history.recoverer.append(copies(1, 0))
        self.assertEqual(self.kinds(), {"under-replicated"})

    def test_two_bookies_of_a_write_set_are_gone(self):
        self.history.recoverer.append(self.history.event("copies", ack_quorum=2, entry=1, copies=0, gone=2))
        self.assertEqual(self.kinds(), {"under-replicated"})

    def test_vanished(self):
        self.history.listed = []
        self.assertEqual(self.kinds(), {"vanished"})

    def test_what_the_driver_saw(self):
        self.history.driver.append({"e": "violation", "t": 5, "kind": "crash", "text": "b1: signal 6"})
        self.assertEqual(self.kinds(), {"crash"})


if __name__ == "__main__":
    unittest.main()
