"""The faults. Each is a generator: it does harm, yields how many seconds to go on with it, and mends what
it broke when it is resumed, early when the epoch ends. `yield None` waits for a condition: the fault is
asked again soon, also at the end of the epoch.

What is lost for good: one directory of one bookie in an epoch, by `wipe` alone. Ledgers live within an
epoch, have Qa = 2, and an acknowledged entry is on two directories, so it keeps at least one copy, and
every write set at most one slot that never answers again. Nothing is excluded from the checks."""
import time

import bookie as bookies
import zookeeper

_AFTERMATH_SECONDS = 2  # a full disk may be noticed a little later


def until(condition):
    while not condition():
        yield None


def kill_bookie(world):
    """SIGKILL, of one, two or now and then all; started again at different times."""
    count = world.some(1, 1, 1, 2, 2, 5)
    with world.hold(world.bookies, count, most=max(2, count)) as targets:
        for target in targets:
            target.process.kill()
        yield targets
        for target in targets:
            yield world.random.uniform(0, 4)
            target.start()
        yield from until(lambda: all(target.ready for target in targets))


def pause(world):
    """SIGSTOP, mostly for less than a session lasts."""
    if world.random.random() < 0.2:
        yield from pause_zookeeper(world)
        return
    with world.hold(world.some(world.bookies, world.clients), world.some(1, 1, 2)) as targets:
        for target in targets:
            target.process.pause()
        yield targets
        yield world.random.uniform(0.2, 6)
        for target in targets:
            target.process.resume()


def pause_zookeeper(world):
    with world.hold([world.ensemble], 1) as held:
        if not held:
            return
        target = world.some(*world.zookeepers)
        target.process.pause()
        yield [target]
        yield world.random.uniform(0.2, 6)
        target.process.resume()
        yield from settle(world)


def settle(world):
    """The ensemble may be hurt again only when it is whole."""
    world.ensemble.disturbed()
    yield from until(lambda: world.ensemble.settled)


def session(world):
    """A bookie or client loses its session: it is stopped for longer than that lasts, or it reaches no
    ZooKeeper server for so long while it goes on serving or writing."""
    with world.hold(world.some(world.bookies, world.clients), 1) as targets:
        seconds = zookeeper.MAX_SESSION_SECONDS + world.random.uniform(1, 5)
        if world.random.random() < 0.5:
            for target in targets:
                target.process.pause()
            yield targets
            yield seconds
            for target in targets:
                target.process.resume()
            return
        servers = [server.host for server in world.zookeepers]
        pairs = [(target.host, server) for target in targets for server in servers]
        pairs += [(server, host) for host, server in pairs]
        world.network.cut(pairs)
        yield targets
        yield seconds
        world.network.mend(pairs)


def partition(world):
    """Cuts some directions between hosts."""
    hosts = list(world.network.hosts)
    world.random.shuffle(hosts)
    one, other, rest = hosts[0], hosts[1], hosts[1:]
    half = hosts[:len(hosts) // 2]
    shape, pairs = world.some(
        ("one way", [(one, other)]),
        ("one way, several", list(zip(hosts[0:8:2], hosts[1:8:2]))),
        ("both ways", [(one, other), (other, one)]),
        ("mute", [(one, host) for host in rest]),
        ("deaf", [(host, one) for host in rest]),
        ("alone", [(one, host) for host in rest] + [(host, one) for host in rest]),
        ("halves, one way", [(a, b) for a in half for b in hosts if b not in half]))
    servers = {server.host for server in world.zookeepers}
    among = [pair for pair in pairs if set(pair) <= servers]
    of_one = bool(among) and bool(set.intersection(*map(set, among)))
    with world.hold([world.ensemble], int(of_one)) as held:
        if not held:  # servers keep each other; the rest of the cut stands
            pairs = [pair for pair in pairs if pair not in among]
        world.network.cut(pairs)
        yield [shape] + [f"{source}>{target}" for source, target in pairs[:4]] if pairs else []
        yield world.random.uniform(1, 9)
        world.network.mend(pairs)
        if held:
            yield from settle(world)


def disk_full(world):
    """No space at all, so that the journal cannot go on, or less than a bookie wants to stay writable."""
    with world.hold(world.bookies, 1) as targets:
        for target in targets:
            leave = world.some(0, 0, 65536, (bookies.MIN_FREE_MIB - 4) << 20)
            world.may_exit.add(target)
            target.fill(leave)
        yield targets
        yield world.random.uniform(2, 12)
        for target in targets:
            target.empty_ballast()
        freed = time.monotonic()
        yield from until(lambda: time.monotonic() > freed + _AFTERMATH_SECONDS)
        for target in targets:
            if target.failed_directory:  # it asks for that; the others of the daemon went on without it
                target.process.kill()
                target.start()
        yield from until(lambda: all(target.ready for target in targets))
        world.may_exit.difference_update(targets)


def wipe(world):
    """A directory is emptied while its bookie is dead. Started again the daemon must refuse it; with a
    new directory in its place it serves at the same address, as another bookie."""
    if world.lost_directory:
        return
    with world.hold(world.bookies, 1) as targets:
        if not targets:
            return
        target = targets[0]
        world.lost_directory = True
        target.process.kill()
        lost = world.random.randrange(len(target.directories))
        world.empty(target.directories[lost])
        yield [target, target.directories[lost].name]
        yield world.random.uniform(0, 3)
        world.attended.add(target)
        while target.process.status != bookies.EXIT_WRONG_IDENTITY:
            if target.ready:
                world.violation("wiped", f"{target.name} serves from an emptied directory")
                break
            if not target.process.running:  # killed above, or ended because ZooKeeper was away
                target.start()
            yield None
        target.process.kill()
        world.attended.discard(target)
        target.directories[lost] = target.new_directory()
        target.start()
        yield from until(lambda: target.ready)


def recreate(world):
    """Another bookie at the same address, in a new directory, while the old one is away; then both."""
    with world.hold(world.bookies, 1) as targets:
        if not targets:
            return
        target = targets[0]
        target.process.kill()
        if len(target.directories) < 3:
            target.directories.append(target.new_directory())
        target.start(target.directories[-1:])
        yield [target, target.directories[-1].name]
        yield from until(lambda: target.ready)
        yield world.random.uniform(2, 8)
        target.process.kill()
        target.start()
        yield from until(lambda: target.ready)


def kill_zookeeper(world):
    """SIGKILL of the leader, mostly."""
    with world.hold([world.ensemble], 1) as held:
        if not held:
            return
        leader = next((s for s in world.zookeepers if s.mode() in ("leader", "standalone")), None)
        target = leader if leader and world.random.random() < 0.8 else world.some(*world.zookeepers)
        target.process.kill()
        yield [target] + (["leader"] if target is leader else [])
        yield world.random.uniform(0.5, 6)
        target.start()
        yield from settle(world)


def kill_client(world):
    """SIGKILL of writers, recoverers or tailers; others come in their places."""
    group = world.clients if world.random.random() < 0.5 else world.writers
    with world.hold(group, world.some(1, 1, 2)) as targets:
        for target in targets:
            target.process.kill()
        yield targets
        yield world.random.uniform(0, 3)
        for target in targets:
            target.start()


FAULTS = {"kill-bookie": kill_bookie, "pause": pause, "session": session, "partition": partition,
          "disk-full": disk_full, "wipe": wipe, "recreate": recreate, "kill-zookeeper": kill_zookeeper,
          "kill-client": kill_client}
