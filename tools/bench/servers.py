"""Processes of a comparison: started together, ended together, their logs below one directory."""
import contextlib
import ctypes
import pathlib
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
SESSION_MILLISECONDS = 3_600_000  # longer than anybody is stopped


def say(line):
    print(f"compare: {line}", file=sys.stderr, flush=True)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def limit(seconds):
    """What a measurement of that long may take with everything around it."""
    return 120 + 2 * seconds


def sync_disk(directory):
    """What others wrote is on the disk before somebody is measured on it."""
    subprocess.run(["sync", "--file-system", str(directory)], check=True)


def send(processes, number):
    """To those that have not ended."""
    for process in processes:
        process.send_signal(number)


def die_with_parent():
    """For preexec_fn: however this process ends, the one that it starts does too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def memory_bytes(pid):
    """What of a process is resident."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


class Servers:
    """Use with `with`: the processes end with the block, and with this one however it ends, stopped ones too.
    They have a session of their own, so that an interrupt from the keyboard is for this process only."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        send(self.processes, signal.SIGCONT)
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command, **options):
        """Its output goes to DIRECTORY/NAME.log, unless the options say else."""
        with open(self.directory / f"{name}.log", "ab") as log:
            options.setdefault("stdout", log)
            options.setdefault("stdin", subprocess.DEVNULL)
            process = subprocess.Popen([str(word) for word in command], stderr=log,
                                       start_new_session=True, preexec_fn=die_with_parent, **options)
        self.processes.append(process)
        return process

    def stop(self):
        """All of them stand still until a turn of theirs."""
        send(self.processes, signal.SIGSTOP)

    @contextlib.contextmanager
    def turn(self, processes):
        """These, which were stopped, run while the block does."""
        send(processes, signal.SIGCONT)
        try:
            yield
        finally:
            send(processes, signal.SIGSTOP)

    def await_port(self, name, process, port, seconds=60):
        """Until somebody listens there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended at its start; see {self.directory / (name + '.log')}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{name} does not listen; see {self.directory / (name + '.log')}")

    def zookeeper(self):
        """Debian's server, set as Quire's own development cluster sets it, but for sessions: they outlive the
        time for which their clients are stopped. Returns its process and its port."""
        port = free_port()
        home = self.directory / "zookeeper"
        home.mkdir()
        (home / "zoo.cfg").write_text(
            f"dataDir={home}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\ntickTime=1000\n"
            f"maxClientCnxns=0\nadmin.enableServer=false\nmaxSessionTimeout={SESSION_MILLISECONDS}\n",
            encoding="ascii")
        process = self.start("zookeeper", [
            "java", "-Xms16m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dzookeeper.jmx.log4j.disable=true", "-cp", f"{home}:/usr/share/java/zookeeper.jar",
            "org.apache.zookeeper.server.ZooKeeperServerMain", home / "zoo.cfg"])
        self.await_port("zookeeper", process, port)
        return process, port


def java_options(classpath, heap, direct):
    return ["java", f"-Xms{heap}", f"-Xmx{heap}", f"-XX:MaxDirectMemorySize={direct}",
            "-XX:+UseG1GC", "-cp", f"{classpath}/*", "-Dlog4j2.configurationFile=quire-log4j2.xml",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.util.zip=ALL-UNNAMED",
            "-Dio.netty.tryReflectionSetAccessible=true"]
