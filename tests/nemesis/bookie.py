"""A bookie daemon on a host of its own, with its directories on a small file system of its own."""
import contextlib
import os
import pathlib
import subprocess

from process import Process

DISK_MIB = 256
MIN_FREE_MIB = 16
_PORT = 3181
_FLAGS = ["--min-free-mb", str(MIN_FREE_MIB), "--cache-mb", "4", "--journal-file-mb", "4",
          "--gc-interval-seconds", "5"]
_TRIES_TO_FILL = 20
EXIT_FAILURE = 1
EXIT_WRONG_IDENTITY = 3


class Bookie:
    def __init__(self, host, network, binary, metadata, disks, logs):
        self.host, self.network = host, network
        self.process = Process(host, logs)
        self._binary, self._metadata = binary, metadata
        self.disk = pathlib.Path(disks) / host
        self.disk.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(self.disk)],
                       check=True)
        self._made = 0
        self.directories = [self.new_directory()]

    @property
    def name(self):
        return self.host

    @property
    def address(self):
        return f"{self.network.address(self.host)}:{_PORT}"

    def new_directory(self):
        """The path of a directory that no bookie ever had."""
        self._made += 1
        return self.disk / f"dir{self._made}"

    def start(self, directories=None):
        """With all its directories, or those."""
        flags = [f"--dir={directory}" for directory in directories or self.directories]
        self.process.start(self.network.command(self.host, [
            self._binary, "--metadata", self._metadata, "--listen", self.address, *_FLAGS, *flags]))

    @property
    def ready(self):
        return self.process.running and "bookie ready: " in self.process.text()

    @property
    def failed_directory(self):
        """The daemon serves, but gave a directory up until it is started again."""
        return self.process.running and "): failed: " in self.process.text()

    @property
    def ids(self):
        """Of the bookies that the daemon serves, in the order of its directories."""
        _, found, rest = self.process.text().partition(" bookies=")
        return rest.split()[0].split(",") if found else []

    @property
    def free_bytes(self):
        status = os.statvfs(self.disk)
        return status.f_bavail * status.f_frsize

    def fill(self, leave):
        """Takes all space but about `leave` bytes away; the daemon may take some of it first."""
        with open(self.disk / "ballast", "wb") as ballast:
            for _ in range(_TRIES_TO_FILL):
                size = self.free_bytes - leave
                if size <= 0:
                    return
                with contextlib.suppress(OSError):
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)

    def empty_ballast(self):
        (self.disk / "ballast").unlink(missing_ok=True)
