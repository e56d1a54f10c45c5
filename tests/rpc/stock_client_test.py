#!/usr/bin/python3
"""Calls every method of a bookie with a stock Thrift client: Python's TFramedTransport over
TBinaryProtocol and code generated from protocol/bookie.thrift.

  stock_client_test.py GENERATED_DIR --spawn ECHO_BOOKIE     starts a bookie in memory
  stock_client_test.py GENERATED_DIR HOST:PORT BOOKIE_HEX    talks to a running bookie
"""

import os
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, sys.argv[1])

from thrift.protocol.TBinaryProtocol import TBinaryProtocol  # noqa: E402
from thrift.Thrift import TApplicationException  # noqa: E402
from thrift.transport.TSocket import TSocket  # noqa: E402
from thrift.transport.TTransport import TFramedTransport, TTransportException  # noqa: E402

from quire_wire import Bookie  # noqa: E402
from quire_wire.ttypes import (  # noqa: E402
    Add, AddRequest, Code, LacRequest, ListEntriesRequest, ReadRequest, StatusRequest,
    WriteLacRequest)

DEADLINE_MS = 10000


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def encode_entry(ledger, entry, lac, payload):
    header = struct.pack(">qqqq", ledger, entry, lac, len(payload) * (entry + 1))
    return header + struct.pack(">I", crc32c(header + payload)) + payload


def encode_lac(ledger, lac):
    record = struct.pack(">qq", ledger, lac)
    return record + struct.pack(">I", crc32c(record))


class StockClientTest(unittest.TestCase):
    host, port, bookie = None, None, None

    def setUp(self):
        self.clients = []
        self.client = self.connect()
        # Ids that no other run against the same bookie uses.
        self.ledger = struct.unpack(">q", os.urandom(8))[0] & 0x3FFFFFFFFFFFFFFF
        self.key = os.urandom(16)

    def tearDown(self):
        for transport in self.clients:
            transport.close()

    def connect(self, service=Bookie.Client):
        socket = TSocket(self.host, self.port)
        socket.setTimeout(20000)
        transport = TFramedTransport(socket)
        transport.open()
        self.clients.append(transport)
        return service(TBinaryProtocol(transport))

    def add(self, entries, recovery=None, key=None, bookie=None):
        adds = [Add(entry=entry, key=key or self.key, recovery=recovery) for entry in entries]
        return self.client.add(AddRequest(
            bookie=bookie or self.bookie, deadline_ms=DEADLINE_MS, adds=adds)).codes

    def entry(self, entry, lac=-1, payload=b"payload"):
        return encode_entry(self.ledger, entry, lac, payload)

    def read(self, entries, **fields):
        return self.client.read(ReadRequest(
            bookie=self.bookie, deadline_ms=DEADLINE_MS, ledger=self.ledger, entries=entries,
            **fields))

    def lac(self, **fields):
        return self.client.lac(LacRequest(
            bookie=self.bookie, deadline_ms=DEADLINE_MS, ledger=self.ledger, **fields))

    def test_add_several_and_read_them(self):
        stored = [self.entry(i, i - 1, b"x" * (i * 1000)) for i in range(5)]
        self.assertEqual(self.add(stored), [Code.OK] * 5)
        self.assertEqual(self.add(stored[:1]), [Code.OK])
        reply = self.read([4, 0, 7, 2])
        self.assertEqual(reply.code, Code.OK)
        self.assertEqual([answer.code for answer in reply.answers],
                         [Code.OK, Code.OK, Code.NO_ENTRY, Code.OK])
        self.assertEqual([reply.answers[i].bytes for i in (0, 1, 3)],
                         [stored[4], stored[0], stored[2]])
        short = self.read([4, 3, 2], max_bytes=1)
        self.assertEqual(len(short.answers), 1)

    def test_refuses_what_must_not_be_stored(self):
        good = self.entry(0)
        bad = good[:-1] + b"?"
        self.assertEqual(self.add([good, bad]), [Code.OK, Code.CORRUPT])
        self.assertEqual(self.add([self.entry(1)], key=os.urandom(16)), [Code.UNAUTHORIZED])
        self.assertEqual(self.add([self.entry(0, payload=b"other")]), [Code.CONFLICT])
        self.assertEqual(self.add([self.entry(1)], bookie=os.urandom(16)), [Code.WRONG_BOOKIE])
        self.assertEqual(self.add([self.entry(1)], key=b"short"), [Code.BAD_REQUEST])

    def test_read_with_fence_stops_the_writer_but_not_recovery(self):
        self.assertEqual(self.add([self.entry(0)]), [Code.OK])
        reply = self.read([0, 1], fence=True, key=self.key)
        self.assertEqual([answer.code for answer in reply.answers], [Code.OK, Code.NO_ENTRY])
        self.assertEqual(self.add([self.entry(1)]), [Code.FENCED])
        self.assertEqual(self.add([self.entry(1)], recovery=True), [Code.OK])
        self.assertEqual(self.read([1]).answers[0].code, Code.OK)
        self.assertEqual(self.read([0], fence=True).code, Code.BAD_REQUEST)

    def test_lac_and_lac_with_fence(self):
        self.assertEqual(self.lac().code, Code.NO_LEDGER)
        self.assertEqual(self.add([self.entry(0), self.entry(1, 0)]), [Code.OK] * 2)
        reply = self.lac()
        self.assertEqual((reply.code, reply.lac, reply.fenced), (Code.OK, 0, False))
        reply = self.lac(fence=True, key=self.key)
        self.assertEqual((reply.code, reply.lac, reply.fenced), (Code.OK, 0, True))
        self.assertEqual(self.lac(fence=True, key=os.urandom(16)).code, Code.UNAUTHORIZED)

    def test_a_ledger_never_seen_can_be_fenced(self):
        reply = self.read([0], fence=True, key=self.key)
        self.assertEqual(reply.code, Code.OK)
        self.assertIn(reply.answers[0].code, (Code.NO_ENTRY, Code.NO_LEDGER))
        self.assertEqual(self.add([self.entry(0)]), [Code.FENCED])

    def test_long_poll_waits_for_the_lac(self):
        self.assertEqual(self.add([self.entry(0)]), [Code.OK])
        started = time.monotonic()
        reply = self.lac(known_lac=-1, wait_ms=100)
        self.assertEqual((reply.code, reply.lac), (Code.OK, -1))
        self.assertGreaterEqual(time.monotonic() - started, 0.09)

        poller = self.connect()
        replies = []

        def poll():
            replies.append(poller.lac(LacRequest(
                bookie=self.bookie, deadline_ms=DEADLINE_MS, ledger=self.ledger, known_lac=-1,
                wait_ms=15000)))

        thread = threading.Thread(target=poll)
        thread.start()
        self.assertEqual(self.add([self.entry(1, 0)]), [Code.OK])
        thread.join(20)
        self.assertEqual([(reply.code, reply.lac) for reply in replies], [(Code.OK, 0)])
        self.assertLess(time.monotonic() - started, 10)

    def test_write_lac(self):
        self.assertEqual(self.add([self.entry(i) for i in range(3)]), [Code.OK] * 3)

        def write_lac(record, key=None):
            return self.client.write_lac(WriteLacRequest(
                bookie=self.bookie, deadline_ms=DEADLINE_MS, ledger=self.ledger,
                key=key or self.key, record=record)).code

        self.assertEqual(write_lac(encode_lac(self.ledger, 2)), Code.OK)
        self.assertEqual(self.lac().lac, 2)
        self.assertEqual(write_lac(encode_lac(self.ledger + 1, 2)), Code.CORRUPT)
        self.assertEqual(write_lac(encode_lac(self.ledger, 3), os.urandom(16)), Code.UNAUTHORIZED)

    def test_list_entries(self):
        self.assertEqual(self.add([self.entry(i) for i in (0, 1, 2, 5, 6, 9)]), [Code.OK] * 6)

        def runs(**fields):
            reply = self.client.list_entries(ListEntriesRequest(
                bookie=self.bookie, deadline_ms=DEADLINE_MS, ledger=self.ledger, **fields))
            self.assertEqual(reply.code, Code.OK)
            return [(run.first, run.count) for run in reply.runs], reply.next_entry

        self.assertEqual(runs(from_entry=0), ([(0, 3), (5, 2), (9, 1)], -1))
        first, following = runs(from_entry=0, max_runs=1)
        self.assertEqual(first, [(0, 3)])
        self.assertIn(following, range(3, 6))  # anywhere up to the next run
        self.assertEqual(runs(from_entry=following, max_runs=1)[0], [(5, 2)])
        self.assertEqual(runs(from_entry=6), ([(6, 1), (9, 1)], -1))

    def test_status(self):
        reply = self.client.status(StatusRequest(deadline_ms=DEADLINE_MS))
        self.assertEqual(reply.code, Code.OK)
        self.assertEqual(len(reply.instance), 16)
        states = {status.bookie: status.state for status in reply.bookies}
        self.assertEqual(states[self.bookie], "writable")

    def test_an_unknown_method_is_an_exception_and_ends_the_connection(self):
        class Stranger(Bookie.Client):
            def drop_all(self):
                self.send_status(StatusRequest(deadline_ms=0))
                self.recv_status()

            def send_status(self, request):
                name, begin = "drop_all", self._oprot.writeMessageBegin
                self._oprot.writeMessageBegin = lambda _, kind, seqid: begin(name, kind, seqid)
                Bookie.Client.send_status(self, request)
                self._oprot.writeMessageBegin = begin

        stranger = self.connect(Stranger)
        with self.assertRaises(TApplicationException) as raised:
            stranger.drop_all()
        self.assertEqual(raised.exception.type, TApplicationException.UNKNOWN_METHOD)
        with self.assertRaises((TTransportException, OSError)):
            for _ in range(10):
                Bookie.Client.send_status(stranger, StatusRequest(deadline_ms=0))
                Bookie.Client.recv_status(stranger)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    server = None
    if sys.argv[2] == "--spawn":
        bookie = os.urandom(16)
        server = subprocess.Popen([sys.argv[3], bookie.hex()], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        address = "127.0.0.1:" + server.stdout.readline().decode().strip()
    else:
        address, bookie = sys.argv[2], bytes.fromhex(sys.argv[3])
    host, port = address.rsplit(":", 1)
    StockClientTest.host, StockClientTest.port = host, int(port)
    StockClientTest.bookie = bookie
    try:
        result = unittest.main(argv=sys.argv[:1], exit=False).result
    finally:
        ended = 0
        if server is not None:
            server.stdin.close()
            ended = server.wait(20)
    sys.exit(0 if result.wasSuccessful() and ended == 0 else 1)


if __name__ == "__main__":
    main()
