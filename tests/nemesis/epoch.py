"""One epoch: clients work while faults happen, then everything is healed, every ledger sealed and read."""
import pathlib
import time

import checker

_HEAL_SECONDS = 90
_STOP_SECONDS = 90     # a client ends what it began: bounded by the deadlines of its calls
_FINAL_SECONDS = 150
_PATIENCE_SECONDS = 90   # of a final client with what fails
_NO_PATIENCE_SECONDS = 5  # of the next ones, when one had to give up
_PROGRESS_SECONDS = 60  # a writer may be in the middle of a call that has to run into its deadline
_TICK_SECONDS = 0.05


class Epoch:
    def __init__(self, world, nemesis, number, after):
        """`after`: the last ledger of the epochs before."""
        self.world, self.nemesis, self.number, self.after = world, nemesis, number, after
        self.directory = pathlib.Path(world.out) / f"epoch-{number}"
        self.directory.mkdir()
        self.patience = _PATIENCE_SECONDS

    def run(self, seconds):
        """What the checker says of it."""
        world = self.world
        world.epoch_directory = self.directory
        world.lost_directory = False
        world.note("epoch", number=self.number, after=self.after)
        if self.after >= 0:  # they were checked, and their space is wanted
            self._final("delete", "w1", "--after", -1, "--last", self.after)
        for client in world.clients:
            client.start()
        self._go_on(seconds, self.nemesis.tick)
        world.note("heal")
        self.nemesis.heal(_HEAL_SECONDS)
        self._await_bookies()
        self._await_progress()
        self._stop_clients()
        self._final("seal-all", "w1", "--after", self.after)
        self._final("read-all", "r1", "--after", self.after)
        # Closed ledgers stay as they are, also when every bookie comes back from its disk.
        for bookie in world.bookies:
            bookie.process.kill()
        world.start_bookies()
        self._await_bookies()
        self._final("read-all", "t1", "--after", self.after)
        self._final("audit-all", "w1", "--after", self.after)
        return checker.check(self.directory)

    def _go_on(self, seconds, tick=lambda: None):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.world.tick()
            tick()
            time.sleep(_TICK_SECONDS)

    def _await_bookies(self):
        """Every bookie is there again for clients to use, and none that is gone."""
        deadline = time.monotonic() + _HEAL_SECONDS
        while True:
            wanted = sorted(name for bookie in self.world.bookies for name in bookie.ids)
            found = self.world.registered()
            if wanted == found:
                return
            if time.monotonic() > deadline:
                self.world.violation("stuck", f"healed, but of the bookies {wanted} only {found} are writable")
                return
            self._go_on(0.5)

    def _await_progress(self):
        """Every writer gets acknowledgements again."""
        histories = {writer: self.directory / "history" / f"{writer.process_name}.jsonl"
                     for writer in self.world.writers}
        seen = {writer: path.stat().st_size if path.exists() else 0 for writer, path in histories.items()}
        waiting = set(histories)
        deadline = time.monotonic() + _PROGRESS_SECONDS
        while waiting and time.monotonic() < deadline:
            self._go_on(0.3)
            for writer in list(waiting):
                if histories[writer].exists():
                    with open(histories[writer], "rb") as file:
                        file.seek(seen[writer])
                        if b'"e":"ok"' in file.read():
                            waiting.discard(writer)
        for writer in waiting:
            self.world.violation("stuck", f"all is healed, but {writer.process_name} has nothing "
                                 f"acknowledged in {_PROGRESS_SECONDS} s")

    def _stop_clients(self):
        for client in self.world.clients:
            client.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        while any(c.process.running for c in self.world.clients) and time.monotonic() < deadline:
            self._go_on(0.2)
        for client in self.world.clients:
            if client.process.running:
                self.world.violation("stuck", f"{client.process.log.name} does not end in {_STOP_SECONDS} s")
                client.process.kill()
        self.world.tick()

    def _final(self, role, host, *flags):
        """Runs a client that goes through many ledgers, and must get through."""
        world = self.world
        name = f"{role}.{host}".replace("-", "")
        process = world.new_process(name)
        process.start(world.client_command(host, role, name, "--patience", self.patience, *flags))
        deadline = time.monotonic() + _FINAL_SECONDS
        while process.running and time.monotonic() < deadline:
            self._go_on(0.1)
        if process.status != 0:
            world.violation("stuck", f"{role} ended with {process.status}: {process.last_line()}")
            process.kill()
            self.patience = _NO_PATIENCE_SECONDS
