"""A place where client processes of one role live, one after the other."""
import signal

from process import Process


class Client:
    """`name` is of the place; each process in it has a name of its own, which its history carries."""

    def __init__(self, name, role, host, world):
        self.name, self.role, self.host, self.world = name, role, host, world
        self.process = Process(name, world.logs)
        self.stopping = False
        self.process_name = None  # of the latest

    def start(self):
        self.stopping = False
        self.process_name = f"{self.name}.{self.process.starts}"
        self.process.start(self.world.client_command(self.host, self.role, self.process_name))

    def stop(self):
        """Asks it to end in good order."""
        self.stopping = True
        self.process.signal(signal.SIGTERM)
