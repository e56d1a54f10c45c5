"""The servers and clients of a run, and what the driver knows of them."""
import contextlib
import json
import pathlib
import shutil
import subprocess
import time

from bookie import EXIT_FAILURE, Bookie
from clients import Client
from network import Network
from process import Process
from zookeeper import Ensemble, ZookeeperServer

_RESTART_PAUSE_SECONDS = 1.0
_START_SECONDS = 90


class World:
    def __init__(self, options, random):
        self.random = random
        self.options = options
        self.out = pathlib.Path(options.out)
        self.logs = self.out / "logs"
        self.logs.mkdir(parents=True)
        self.epoch_directory = self.out
        self.may_exit = set()         # daemons that may give up although they serve: their disk is full
        self.attended = set()         # daemons whose fault looks after their ends itself
        self.lost_directory = False   # in this epoch
        self._held = set()
        self._ended_at = {}           # daemons that wait to be started again
        build = pathlib.Path(options.build)
        self._client = options.client or str(build / "tests" / "nemesis" / "nemesis_client")
        self.quire = str(build / "tools" / "quire")
        roles = [f"{letter}{i}" for letter, count in (("w", options.writers), ("r", 2), ("t", 3))
                 for i in range(1, count + 1)]
        servers = [f"z{i}" for i in range(1, options.zookeepers + 1)]
        hosts = servers + [f"b{i}" for i in range(1, options.bookies + 1)]
        self.network = Network(hosts + [r for r in roles if r[0] == "w"] + ["r1", "t1"])
        self.network.check()
        # ZooKeeper syncs every write: on a disk it would share with others that stalls for seconds.
        state = self.out / "state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(state)], check=True)
        self.zookeepers = [ZookeeperServer(host, i, servers, self.network, state, self.logs)
                           for i, host in enumerate(servers, 1)]
        self.uri = "zk://" + ",".join(server.endpoint for server in self.zookeepers) + "/quire"
        self.ensemble = Ensemble(self.zookeepers)
        binary = options.bookie or str(build / "bookie" / "bookie")
        self.bookies = [Bookie(host, self.network, binary, self.uri, self.out / "disks", self.logs)
                        for host in hosts[len(servers):]]
        names = {"w": "writer", "r": "recoverer", "t": "tailer"}
        self.clients = [Client(name, names[name[0]], name if name[0] == "w" else f"{name[0]}1", self)
                        for name in roles]

    # What the faults use.

    @property
    def writers(self):
        return [client for client in self.clients if client.role == "writer"]

    def some(self, *choices):
        return self.random.choice(choices)

    @contextlib.contextmanager
    def hold(self, group, count, most=2):
        """So many targets of the group that no other fault has, or none; theirs until it ends. At most
        `most` of the group are held at once."""
        held = sum(target in self._held for target in group)
        free = [target for target in group if target not in self._held]
        count = min(count, most - held, len(free))
        targets = self.random.sample(free, count) if count > 0 else []
        self._held.update(targets)
        try:
            yield targets
        finally:
            self._held.difference_update(targets)

    @staticmethod
    def empty(directory):
        for path in directory.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    # Running things.

    def client_command(self, host, role, name, *more):
        return self.network.command(host, [
            self._client, role, "--metadata", self.uri, "--dir", str(self.epoch_directory),
            "--name", name, "--seed", str(self.random.getrandbits(32)),
            "--rate", str(self.options.rate), *map(str, more)])

    def start(self):
        for server in self.zookeepers:
            server.start()
        self._await(lambda: self.ensemble.settled, "ZooKeeper does not start")
        subprocess.run([self.quire, "--metadata", self.uri, "cluster", "init"], check=True,
                       capture_output=True, timeout=60)
        self.start_bookies()

    def start_bookies(self):
        for target in self.bookies:
            target.start()
        self._await(lambda: all(target.ready for target in self.bookies), "the bookies do not start")

    def _await(self, condition, complaint):
        deadline = time.monotonic() + _START_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{complaint}: see {self.logs}")
            self.tick()
            time.sleep(0.1)

    def tick(self):
        """Notices what ended by itself."""
        for server in self.zookeepers:
            if server.process.status is not None and not server.process.killed:
                # Not what is tested: it gives up when its quorum does strange things, and is restarted.
                self.note("exit", name=server.name, status=server.process.status)
                server.start()
        for target in self.bookies:
            ended = target.process.status is not None and not target.process.killed
            if ended and target not in self.attended:
                self._bookie_ended(target)
        for client in self.clients:
            status = client.process.status
            if status is not None and not client.process.killed:
                client.process.killed = True
                if status != 0 or not client.stopping:
                    self.violation("client", f"{client.process.log.name} ended with {status}: "
                                   f"{client.process.last_line()}")
        now = time.monotonic()
        for target in [t for t, at in self._ended_at.items() if at <= now]:
            del self._ended_at[target]
            target.start()

    def _bookie_ended(self, target):
        process = target.process
        ready = "bookie ready: " in process.text()
        self.note("exit", name=target.name, status=process.status, ready=ready, said=process.last_line())
        process.killed = True
        # A start may give up while ZooKeeper is away; a bookie that serves may do so with its disk full.
        if process.status != EXIT_FAILURE or (ready and target not in self.may_exit):
            self.violation("bookie", f"{process.log.name} ended with {process.status}: {process.last_line()}")
        self._ended_at[target] = time.monotonic() + _RESTART_PAUSE_SECONDS

    def registered(self):
        """The addresses of the writable bookies, as clients see them."""
        answer = subprocess.run([self.quire, "--metadata", self.uri, "--output", "json", "bookie", "list"],
                                capture_output=True, text=True, timeout=60, check=False)
        if answer.returncode != 0:
            return []
        return sorted(entry["id"] for entry in json.loads(answer.stdout) if entry["writable"])

    def new_process(self, name):
        return Process(f"epoch{self.epoch_directory.name[-1]}.{name}", self.logs)

    def keep_evidence(self):
        """Copies what lies on file systems that end with the run."""
        for server in self.zookeepers:
            for log in sorted(self.logs.glob(f"{server.name}.*.log")):
                if "Truncating log" in log.read_text(encoding="utf-8", errors="replace"):
                    print(f"{log.name}: ZooKeeper truncated its log. See zookeeper.py: if that took away "
                          "what was committed, the fault lies there")
        shutil.copytree(self.out / "state", self.out / "kept" / "state")
        for target in self.bookies:
            target.process.kill()
            target.empty_ballast()
            shutil.copytree(target.disk, self.out / "kept" / target.host)

    # The driver's own history.

    def note(self, event, **fields):
        line = json.dumps({"e": event, "t": time.monotonic_ns(), **fields})
        with open(self.epoch_directory / "driver.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")
        if self.options.verbose:
            print(line, flush=True)

    def violation(self, kind, text):
        self.note("violation", kind=kind, text=text)
        print(f"VIOLATION {kind}: {text}", flush=True)
