"""Hosts in network namespaces, joined by a bridge, and what cuts them off from each other.

A cut from A to B gives A a wrong link-layer address for B: what A sends leaves A and arrives nowhere,
while B still reaches A. That is exact for one direction, silent as a real fault is (a filter or a
blackhole route would tell the sender), and needs nothing of the kernel but veth and a bridge."""
import collections
import socket
import subprocess

_NET = "10.77.0."
_ADMIN = 254
_NOWHERE = "02:00:00:00:ff:ff"


def _run(*command, text=None):
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


class Network:
    """`hosts`: names; each gets an address. The caller's own namespace is the admin's, who reaches all
    of them whatever is cut."""

    def __init__(self, hosts):
        self._numbers = {host: 11 + i for i, host in enumerate(hosts)}
        self._cuts = collections.Counter()  # (from, to) -> how many faults want it
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "name", "nemesis", "address", self._mac(_ADMIN), "type", "bridge")
        _run("ip", "addr", "add", f"{_NET}{_ADMIN}/24", "dev", "nemesis")
        _run("ip", "link", "set", "nemesis", "up")
        for host, number in self._numbers.items():
            _run("ip", "netns", "add", host)
            _run("ip", "link", "add", "name", f"to-{host}", "type", "veth", "peer", "name", "eth0",
                 "address", self._mac(number), "netns", host)
            _run("ip", "link", "set", f"to-{host}", "master", "nemesis", "up")
            _run("ip", "-n", host, "-batch", "-", text="\n".join([
                "link set lo up", f"addr add {_NET}{number}/24 dev eth0", "link set eth0 up"]
                + [self._neighbour(other, False) for other in self._numbers if other != host]))

    @property
    def hosts(self):
        return list(self._numbers)

    def address(self, host):
        return f"{_NET}{self._numbers[host]}"

    @staticmethod
    def command(host, command):
        """`command` as run on that host; its process is the one that is started."""
        return ["nsenter", f"--net=/run/netns/{host}", "--", *command]

    def cut(self, pairs):
        """Nothing gets from the first to the second of each pair, until as many calls of mend."""
        self._change(pairs, 1)

    def mend(self, pairs):
        self._change(pairs, -1)

    def _change(self, pairs, step):
        changes = collections.defaultdict(list)
        for source, target in pairs:
            before = self._cuts[source, target] > 0
            self._cuts[source, target] += step
            after = self._cuts[source, target] > 0
            if before != after:
                changes[source].append(self._neighbour(target, after))
        for source, lines in changes.items():
            _run("ip", "-n", source, "-batch", "-", text="\n".join(lines))

    def _neighbour(self, host, cut):
        address = _NOWHERE if cut else self._mac(self._numbers[host])
        return f"neigh replace {self.address(host)} lladdr {address} dev eth0 nud permanent"

    @staticmethod
    def _mac(number):
        return f"02:00:00:00:00:{number:02x}"

    def check(self):
        """A cut that does not cut would make every run a success: tries one, there and back."""
        first, second = self.hosts[:2]
        plain = self._passes(first, second), self._passes(second, first)
        self.cut([(first, second)])
        one_way = self._passes(first, second), self._passes(second, first)
        self.mend([(first, second)])
        healed = self._passes(first, second)
        if (plain, one_way, healed) != ((True, True), (False, True), True):
            raise RuntimeError(f"the network does not do as told: {plain}, {one_way}, {healed}")

    def _passes(self, source, target):
        """Does a datagram get there?"""
        code = "import socket,sys; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        receive = code + ("s.bind((sys.argv[1], 7000)); s.settimeout(0.6); print('bound', flush=True); "
                          "s.recv(9)")
        send = code + "s.sendto(b'x', (sys.argv[1], 7000))"
        with subprocess.Popen(self.command(target, ["python3", "-c", receive, self.address(target)]),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as receiver:
            receiver.stdout.readline()
            subprocess.run(self.command(source, ["python3", "-c", send, self.address(target)]), check=True)
            return receiver.wait() == 0


def ask(address, port, question, seconds=0.5):
    """What a server says to one line; empty when it says nothing in that time."""
    answer = b""
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            connection.sendall(question)
            while chunk := connection.recv(4096):
                answer += chunk
    except OSError:
        pass
    return answer.decode("utf-8", "replace")
