"""How to start each system that Quire is compared with, durable and otherwise as it comes."""
import shutil
import subprocess

from servers import free_port, java_options

NODES = 3


class System:
    """`driver`: its name for OthersDriver; `settings`: words for it."""

    def __init__(self, name, driver, settings=()):
        self.name = name
        self.driver = driver
        self.settings = list(settings)

    def missing(self):
        """Why it cannot run; empty when it can."""
        return ""

    def start(self, servers, classpath):
        """Starts it; returns its addresses."""
        raise NotImplementedError


class Program(System):
    """One that is a program of its own."""

    def __init__(self, name, driver, binary, package):
        super().__init__(name, driver)
        self.binary = binary
        self.package = package

    def missing(self):
        return "" if shutil.which(self.binary) else f"no {self.binary} ({self.package})"


class Redis(Program):
    """One server; what it replicates, it replicates after the answer."""

    def start(self, servers, classpath):
        port = free_port()
        process = servers.start("redis", [
            self.binary, "--bind", "127.0.0.1", "--port", port, "--dir", servers.directory,
            "--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        servers.await_port("redis", process, port)
        return f"127.0.0.1:{port}"


class Etcd(Program):
    def start(self, servers, classpath):
        peers = [free_port() for _ in range(NODES)]
        clients = [free_port() for _ in range(NODES)]
        cluster = ",".join(f"n{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
        processes = [servers.start(f"etcd-{i}", [
            self.binary, "--name", f"n{i}", "--data-dir", servers.directory / f"n{i}",
            "--listen-peer-urls", f"http://127.0.0.1:{peers[i]}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers[i]}",
            "--listen-client-urls", f"http://127.0.0.1:{clients[i]}",
            "--advertise-client-urls", f"http://127.0.0.1:{clients[i]}",
            "--initial-cluster", cluster, "--initial-cluster-state", "new",
            "--quota-backend-bytes", str(8 << 30)]) for i in range(NODES)]
        for i, process in enumerate(processes):
            servers.await_port(f"etcd-{i}", process, clients[i])
        return ",".join(f"http://127.0.0.1:{port}" for port in clients)


class Nats(Program):
    def start(self, servers, classpath):
        routes = [free_port() for _ in range(NODES)]
        clients = [free_port() for _ in range(NODES)]
        known = ", ".join(f"nats://127.0.0.1:{port}" for port in routes)
        for i in range(NODES):
            config = servers.directory / f"n{i}.conf"
            config.write_text(
                f"server_name: n{i}\nlisten: 127.0.0.1:{clients[i]}\n"
                f"jetstream {{ store_dir: \"{servers.directory}/n{i}\", sync_interval: always }}\n"
                f"cluster {{ name: bench, listen: 127.0.0.1:{routes[i]}, routes: [{known}] }}\n",
                encoding="ascii")
            process = servers.start(f"nats-{i}", [self.binary, "-c", config])
            servers.await_port(f"nats-{i}", process, clients[i])
        return ",".join(f"nats://127.0.0.1:{port}" for port in clients)


class Kafka(System):
    def start(self, servers, classpath):
        controllers = [free_port() for _ in range(NODES)]
        clients = [free_port() for _ in range(NODES)]
        voters = ",".join(f"{i + 1}@127.0.0.1:{port}" for i, port in enumerate(controllers))
        cluster = "MkU3OEVBNTcwNTJENDM2Qg"  # any 16 bytes in base64
        java = java_options(classpath, "512m", "256m")
        processes = []
        for i in range(NODES):
            config = servers.directory / f"kafka-{i}.properties"
            config.write_text(
                f"process.roles=broker,controller\nnode.id={i + 1}\n"
                f"controller.quorum.voters={voters}\ncontroller.listener.names=CONTROLLER\n"
                f"listeners=PLAINTEXT://127.0.0.1:{clients[i]},CONTROLLER://127.0.0.1:{controllers[i]}\n"
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
                f"log.dirs={servers.directory}/kafka-{i}\noffsets.topic.replication.factor=3\n",
                encoding="ascii")
            subprocess.run(java + ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", config],
                           check=True, timeout=60, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            processes.append(servers.start(f"kafka-{i}", java + ["kafka.Kafka", config]))
        for i, process in enumerate(processes):
            servers.await_port(f"kafka-{i}", process, clients[i])
        return ",".join(f"127.0.0.1:{port}" for port in clients)


ALL = [
    Kafka("Kafka acks=all, not synced", "kafka", ["synced=0"]),
    Kafka("Kafka acks=all, flush.messages=1", "kafka", ["synced=1"]),
    Etcd("etcd", "etcd", "etcd", "Debian's etcd-server"),
    Nats("NATS JetStream R3, sync always", "nats", "nats-server",
         "2.10 or later, from the Go module github.com/nats-io/nats-server/v2"),
    Redis("Redis appendfsync always, 1 copy", "redis", "redis-server", "Debian's redis-server"),
]
