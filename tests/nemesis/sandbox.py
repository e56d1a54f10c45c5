"""The private network, mount and process namespaces in which a run takes place.

The run's own process becomes `unshare`, so that whoever kills it ends everything: with the first
process of the inner process namespace go all servers and clients, the network and the mounts."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77  # what ctest knows as SKIP_RETURN_CODE
_INSIDE = "QUIRE_NEMESIS_INSIDE"
_TOOLS = ("unshare", "nsenter", "ip", "mount", "java")
_SPACES = ["--net", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"]
_PROBE = ("mount -t tmpfs tmpfs /run && ip link add name probe type bridge && ip netns add probe && "
          "ip link add name a type veth peer name b netns probe && nsenter --net=/run/netns/probe true")


def inside():
    return os.environ.get(_INSIDE) == "1"


def enter(arguments):
    """Runs this program again inside. Returns only inside; exits with SKIPPED when the privileges do not
    suffice, and with 1 when a tool is missing."""
    if inside():
        # `ip netns` keeps its names here; the host's stay out of sight.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        return
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        sys.exit(f"nemesis: not found: {', '.join(missing)}. tools/setup.sh installs what tests need")
    users = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    probe = subprocess.run(["unshare", *users, *_SPACES, "sh", "-c", _PROBE], capture_output=True, text=True,
                           check=False)
    if probe.returncode != 0:
        print("nemesis: SKIPPED, nothing was tested: this user may not make network namespaces here "
              f"({probe.stderr.strip()}). Run it as root.", flush=True)
        sys.exit(SKIPPED)
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", *users, *_SPACES, sys.executable, "-B", *arguments])
