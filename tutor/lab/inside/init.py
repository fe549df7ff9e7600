"""Pid 1 of the lab: starts each machine in its namespaces, wires them, and ends everything when the outer side ends.

Its own network namespace is the fabric: the switches (bridges) stand there, where no learner can see them.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import gc
import os
import select

from tutor.lab.inside import confine, kernel, machine, message, network, rtnetlink, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MACHINE_SPACES = (
    kernel.CLONE_NEWNET | kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC
)
# Interface indexes that the kernel does not come to by itself; see rtnetlink.End for why they are given.
_FIRST_CABLE, _FIRST_SWITCH, _FIRST_PORT = 10, 1000, 10000


def main(plan: dict[str, Any], control_fd: int, gate: int) -> None:
    """Never returns. ``control_fd`` leads to the outer side; ``gate`` opens when the launcher guards us."""
    control = _socket.socket(fileno=control_fd)
    os.set_inheritable(control_fd, False)
    gc.disable()  # a collection would touch, and so copy, every page in every machine
    try:
        kernel.prctl("bind our life to the launcher's", kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)
        kernel.rename_process("init")
        if os.read(gate, 1) != b"!":
            os._exit(1)
        os.close(gate)
        kernel.unshare(kernel.CLONE_NEWCGROUP, "unshare the cgroup namespace")
        names = _boot(plan, control)
    except OSError as error:
        message.send(control, message.failure(error, "start the machines"))
        os._exit(1)
    message.send(control, {"event": "wired"})
    _watch_over(control, names)


def _boot(plan: dict[str, Any], control: _socket.socket) -> dict[int, str]:
    """Start and wire all machines; their pids and names."""
    confine.limit_lab(plan["processes"] + plan["reserve"])
    kernel.prctl("set no_new_privs", kernel.PR_SET_NO_NEW_PRIVS, 1)
    limits = spawn.Confinement(processes=plan["processes"], wide=plan["wide"])
    inherited = network.quiet_fabric()
    rtnetlink.perform([(f"switch {name}", rtnetlink.add_bridge(index, f"switch{index - _FIRST_SWITCH}"))
                       for index, name in enumerate(plan["switches"], _FIRST_SWITCH)])  # fmt: skip
    ports = _ports(plan)
    wired, release = os.pipe()
    pids: dict[str, int] = {}
    for spec in plan["machines"]:
        spec.update(wide=plan["wide"], ports=ports.get(spec["name"], []), inherited=inherited)
        pids[spec["name"]] = _start(spec, control, (wired, release), limits)
    os.close(wired)
    _lay_cables(plan, pids)
    os.close(release)
    return {pid: name for name, pid in pids.items()}


def _start(spec: dict[str, Any], control: _socket.socket, gate: tuple[int, int], limits: spawn.Confinement) -> int:
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC)
    fabric = rtnetlink.connect()
    pid = kernel.clone(_MACHINE_SPACES, f"start machine {spec['name']}")
    if pid == 0:
        try:
            control.close()
            ours.close()
            os.close(gate[1])
            machine.main(spec, theirs, fabric, gate[0], limits)
        finally:
            os._exit(1)
    fabric.close()
    theirs.close()
    message.send(control, {"event": "machine", "name": spec["name"]}, [ours.fileno()])
    ours.close()
    return pid


def _ports(plan: dict[str, Any]) -> dict[str, list[tuple[str, bytes]]]:
    """For each machine the requests that plug it into the switches. It sends them itself, to the fabric's namespace,
    as process 1 of its own pid namespace; so all machines are wired at once."""
    switches = {name: index for index, name in enumerate(plan["switches"], _FIRST_SWITCH)}
    ports: dict[str, list[tuple[str, bytes]]] = {}
    for number, (name, interface, mac, mtu, switch) in enumerate(plan["ports"]):
        near = rtnetlink.End(None, f"port{number}", None, mtu, _FIRST_PORT + number)
        far = rtnetlink.End(1, interface, mac, mtu)
        ports.setdefault(name, []).append((interface, rtnetlink.add_veth(near, far, master=switches[switch])))
    return ports


def _lay_cables(plan: dict[str, Any], pids: dict[str, int]) -> None:
    requests = []
    for number, (near_end, far_end) in enumerate(plan["cables"]):
        name, interface, mac, mtu = near_end
        near = rtnetlink.End(pids[name], interface, mac, mtu, _FIRST_CABLE + number)
        far = rtnetlink.End(pids[far_end[0]], *far_end[1:])
        requests.append((f"{name} {interface}", rtnetlink.add_veth(near, far)))
    rtnetlink.perform(requests)


def _watch_over(control: _socket.socket, names: dict[int, str]) -> None:
    """Reap, tell of machines that died, and end at the end of ``control``."""
    wake, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    _signal.signal(_signal.SIGCHLD, lambda *_: None)
    _signal.set_wakeup_fd(wakes)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    _reap(control, names)
    while True:
        for fd, _ in poll.poll():
            if fd == wake:
                os.read(wake, 4096)
                _reap(control, names)
            else:
                os._exit(0)


def _reap(control: _socket.socket, names: dict[int, str]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in names:
            report = {"event": "machine-ended", "name": names[pid], "status": os.waitstatus_to_exitcode(status)}
            message.send(control, report)
