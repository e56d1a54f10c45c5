"""One server or client process of a run."""
import os
import signal
import subprocess


class Process:
    """Its output goes to LOGS/NAME.NUMBER.log, a new number at each start. Signals that the driver sends
    are remembered, so that a death of another cause stands out."""

    def __init__(self, name, logs):
        self.name = name
        self._logs = logs
        self._starts = 0
        self._child = None
        self.killed = True  # is not running because we want it so
        self.log = None

    def start(self, command):
        """Nothing when it runs already."""
        if self.running:
            return
        self.log = self._logs / f"{self.name}.{self._starts:03d}.log"
        self._starts += 1
        self.killed = False
        with open(self.log, "wb") as out:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @property
    def starts(self):
        return self._starts

    @property
    def status(self):
        """None while it runs (or never ran); below 0: the signal that ended it."""
        return self._child.poll() if self._child else None

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    def signal(self, number):
        if self.running:
            os.kill(self._child.pid, number)

    def kill(self):
        """SIGKILL; returns when it is gone."""
        self.killed = True
        if self._child:
            self._child.kill()
            self._child.wait()

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log else ""

    def last_line(self):
        lines = self.text().strip().splitlines()
        return lines[-1] if lines else "no output"
