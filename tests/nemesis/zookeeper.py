"""A server of the ZooKeeper ensemble, and when it may be hurt.

Debian 12 has ZooKeeper 3.8.0. There a follower that synchronizes with a new leader writes the new epoch
to its disk before the transactions it was sent (ZOOKEEPER-4643, -4646, -4785); when it loses that leader
too, it may win the next election and truncate what the others had committed. No client can stand that, so
the servers suffer one fault at a time: the next begins when all of them have followed one leader for a
while. See Ensemble."""
import pathlib
import re
import time

from network import ask
from process import Process

# Short, so that sessions end within a run. Clients ask for ten seconds and get the maximum.
MAX_SESSION_SECONDS = 4
_CLASSES = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar"
_PORT = 2181
_SETTLED_SECONDS = 2.0


class ZookeeperServer:
    def __init__(self, host, number, peers, network, directory, logs):
        """`peers`: the hosts of the whole ensemble, by number from 1."""
        self.host, self.network = host, network
        self.process = Process(host, logs)
        data = pathlib.Path(directory) / host
        data.mkdir(parents=True)
        (data / "myid").write_text(f"{number}\n")
        self._config = data / "zoo.cfg"
        servers = "".join(f"server.{i}={network.address(peer)}:2888:3888\n"
                          for i, peer in enumerate(peers, 1))
        self._config.write_text(
            f"tickTime=500\ninitLimit=20\nsyncLimit=8\ndataDir={data}\nclientPort={_PORT}\n"
            f"clientPortAddress={network.address(host)}\nmaxSessionTimeout={MAX_SESSION_SECONDS * 1000}\n"
            "admin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n"
            "preAllocSize=1024\nsnapCount=20000\nautopurge.snapRetainCount=3\n" + servers)

    @property
    def name(self):
        return self.host

    @property
    def endpoint(self):
        return f"{self.network.address(self.host)}:{_PORT}"

    def start(self):
        self.process.start(self.network.command(self.host, [
            "java", "-Xms16m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData", "-Xshare:auto", "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.NIOServerCnxn=error",
            "-Dzookeeper.jmx.log4j.disable=true", "-cp", _CLASSES,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self._config)]))

    def mode(self):
        """"leader", "follower", or None while it serves nobody."""
        found = re.search(r"Mode: (\w+)", ask(self.network.address(self.host), _PORT, b"srvr"))
        return found.group(1) if found else None


class Ensemble:
    """What a fault holds that hurts a server, or the links between servers."""

    name = "ensemble"

    def __init__(self, servers):
        self._servers = servers
        self._settled_at = None

    @property
    def settled(self):
        """Has one leader that all others followed at each look in the last seconds."""
        modes = sorted(str(server.mode()) for server in self._servers)
        if modes not in (["standalone"], ["follower"] * (len(modes) - 1) + ["leader"]):
            self._settled_at = None
            return False
        self._settled_at = self._settled_at or time.monotonic()
        return time.monotonic() > self._settled_at + _SETTLED_SECONDS

    def disturbed(self):
        self._settled_at = None
