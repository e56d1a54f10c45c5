"""Chooses faults by chance and carries them through, several at once."""
import collections
import time

from faults import FAULTS

_PAUSE_SECONDS = 1.2   # between two beginnings, on average
_MOST_AT_ONCE = 5
_TRIES = 4             # to find a fault that somebody is free to suffer
_ASK_AGAIN_SECONDS = 0.2


class Running:
    """A fault under way."""

    def __init__(self, kind, steps):
        self.kind, self.steps = kind, steps
        self.resume_at = 0.0


class Nemesis:
    def __init__(self, world, kinds, random):
        self._world, self._kinds, self._random = world, kinds, random
        self._running = []
        self._next_at = time.monotonic()
        self.counts = collections.Counter()

    def tick(self):
        now = time.monotonic()
        for fault in [f for f in self._running if f.resume_at <= now]:
            self._step(fault)
        if self._kinds and now >= self._next_at:
            self._next_at = now + self._random.expovariate(1 / _PAUSE_SECONDS)
            if len(self._running) < _MOST_AT_ONCE:
                any(self._begin(self._choose()) for _ in range(_TRIES))

    def heal(self, seconds):
        """Carries every fault to its end at once. What does not end in that time is a violation."""
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            for fault in list(self._running):
                self._step(fault)
            self._world.tick()
            time.sleep(_ASK_AGAIN_SECONDS)
        for fault in self._running:
            self._world.violation("stuck", f"the fault {fault.kind} cannot be healed in {seconds} s")
        self._running = []

    def _choose(self):
        """Every kind has its turn, also those that seldom find somebody free."""
        if self._random.random() < 0.4:
            return min(self._kinds, key=lambda kind: self.counts[kind])
        return self._random.choice(self._kinds)

    def _begin(self, kind):
        steps = FAULTS[kind](self._world)
        targets = next(steps, None)
        if not targets:  # nobody is free to suffer it
            steps.close()
            return False
        self.counts[kind] += 1
        self._world.note("fault", kind=kind, targets=[getattr(t, "name", t) for t in targets])
        fault = Running(kind, steps)
        self._running.append(fault)
        self._step(fault)
        return True

    def _step(self, fault):
        try:
            seconds = next(fault.steps)
        except StopIteration:
            self._running.remove(fault)
            self._world.note("healed", kind=fault.kind)
            return
        fault.resume_at = time.monotonic() + (_ASK_AGAIN_SECONDS if seconds is None else seconds)
