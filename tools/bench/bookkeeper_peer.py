"""Apache BookKeeper as a peer: three bookies and the driver's client, each a JVM."""
import json
import subprocess
import threading

from servers import SESSION_MILLISECONDS, free_port, java_options, limit, memory_bytes, say

BOOKIES = 3

# Durable as Quire is; the rest is what its own performance guides set.
BOOKIE_CONF = """bookiePort={port}
advertisedAddress=127.0.0.1
allowLoopback=true
metadataServiceUri={uri}
zkTimeout={session}
journalDirectories={home}/journal
ledgerDirectories={home}/ledgers
indexDirectories={home}/index
ledgerStorageClass=org.apache.bookkeeper.bookie.storage.ldb.DbLedgerStorage
journalSyncData=true
journalWriteData=true
journalMaxGroupWaitMSec=1
journalFlushWhenQueueEmpty={flush_when_empty}
journalMaxSizeMB=512
journalMaxBackups=0
gcWaitTime=30000
diskUsageThreshold=0.98
diskUsageWarnThreshold=0.97
prometheusStatsHttpEnable=false
httpServerEnabled=false
statsProviderClass=org.apache.bookkeeper.stats.NullStatsProvider
"""


class BookKeeper:
    """One cluster. `flush_when_empty`: the journal syncs when its queue is empty, instead of waiting a
    millisecond for company. `zookeeper`: process and port."""

    def __init__(self, servers, zookeeper, classpath, flush_when_empty):
        self.name = "flush-when-empty" if flush_when_empty else "group-wait"
        self.servers = servers
        self.classpath = classpath
        uri = f"zk+hierarchical://127.0.0.1:{zookeeper[1]}/{self.name}/ledgers"
        driver = java_options(classpath, "1g", "1g") + ["quire.bench.Driver", uri]
        self._make_root(zookeeper[1])
        subprocess.run(driver + ["format"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.bookies = [self._start_bookie(i, uri, flush_when_empty) for i in range(BOOKIES)]
        self.driver = servers.start(f"driver-{self.name}", driver, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True, bufsize=1)
        self.processes = [zookeeper[0], *self.bookies, self.driver]

    def _make_root(self, zookeeper_port):
        command = ["java", "-cp", f"{self.classpath}/*", "org.apache.zookeeper.ZooKeeperMain",
                   "-server", f"127.0.0.1:{zookeeper_port}", "create", f"/{self.name}", ""]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start_bookie(self, number, uri, flush_when_empty):
        name = f"bookie-{self.name}-{number + 1}"
        home = self.servers.directory / name
        home.mkdir()
        port = free_port()
        (home / "bookie.conf").write_text(
            BOOKIE_CONF.format(port=port, uri=uri, home=home, session=SESSION_MILLISECONDS,
                               flush_when_empty=str(flush_when_empty).lower()), encoding="ascii")
        process = self.servers.start(
            name, java_options(self.classpath, "1g", "1g") +
            ["org.apache.bookkeeper.server.Main", "--conf", home / "bookie.conf"])
        self.servers.await_port(name, process, port)
        return process

    def ask(self, command, patience):
        """One command of the driver (see Driver.java); its answer, within that many seconds."""
        timer = threading.Timer(patience, self.driver.kill)
        timer.start()
        try:
            self.driver.stdin.write(command + "\n")
            self.driver.stdin.flush()
            line = self.driver.stdout.readline()
        finally:
            timer.cancel()
        answer = json.loads(line) if line else {
            "error": f"the driver has ended (see its log), or had no answer in {patience:.0f} s: {command}"}
        if "error" in answer:
            raise RuntimeError(f"BookKeeper ({self.name}): {answer['error']}")
        return answer

    def warm_up(self, seconds):
        """Until the JVMs have compiled what they run, at full load and with an open loop."""
        say(f"warming up BookKeeper ({self.name}) for {seconds} s")
        for load in ("window=1000", "rate=5000"):
            self.ask(f"append {load} size=1024 warmup=0 seconds={seconds / 2}", limit(seconds))

    def memory(self):
        return max(memory_bytes(bookie.pid) for bookie in self.bookies)
