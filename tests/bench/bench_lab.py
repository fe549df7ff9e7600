"""A lab of 3, 10 and 100 machines on a switch, booted and ended, against mininet's ``mn --switch lxbr``.

Both say themselves how long the network took from its first to its last system call, interpreter start left out:
mininet prints ``completed in``, the lab is timed from ``Lab.boot`` to the end of ``close``, which includes the
interpreter of the lab's own init. mininet needs root; the lab is booted as nobody.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import partial
from pathlib import Path

from bench.harness import Figure, alternate

NOBODY = 65534
TARGETS = {3: 5.0, 10: 10.0, 100: 20.0}

BOOT = """
import asyncio, sys, time
from ipaddress import ip_interface
from tutor.lab import Lab
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology

def machine(n):
    eth0 = InterfaceSpec("eth0", SwitchPort("s1"), (ip_interface(f"10.0.0.{n}/24"),))
    return MachineSpec(f"h{n}", (eth0,))

async def main(count):
    topology = Topology(tuple(machine(n) for n in range(1, count + 1)))
    begin = time.monotonic()
    lab = await Lab.boot(topology)
    await lab.close()
    print("completed in", time.monotonic() - begin, "seconds")

asyncio.run(main(int(sys.argv[1])))
"""


def completed_in(argv: list[str]) -> float:
    done = subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    said = re.search(r"completed in ([0-9.e-]+) seconds", done.stdout + done.stderr)
    assert said, done.stderr
    return float(said[1])


def lab(count: int, home: str) -> float:
    """As a user whose caches in ``home`` are warm, as they are after the first start."""
    packages = sysconfig.get_path("purelib")
    environment = ["env", "-i", f"HOME={home}", f"PYTHONPATH={Path.cwd()}:{packages}"]
    as_nobody = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    return completed_in([*as_nobody, *environment, "/usr/bin/python3", "-c", BOOT, str(count)])


def mininet(count: int) -> float:
    network = ["--switch", "lxbr", "--controller", "none", "--topo", f"single,{count}", "--test", "none"]
    return completed_in(["mn", *network])


def figures() -> list[Figure]:
    if os.geteuid() != 0 or shutil.which("mn") is None:
        print("lab: mininet needs root and the package mininet; left out", file=sys.stderr)
        return []
    result = []
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        lab(1, home)
        for count, target in TARGETS.items():
            ours, theirs = alternate(3 if count == 100 else 9, partial(lab, count, home), partial(mininet, count))
            name = f"lab of {count} machines, times faster than mininet"
            note = f"{ours:.3f} s / {theirs:.3f} s"
            result.append(Figure(name, theirs / ours, target, at_least=True, note=note))
    return result
