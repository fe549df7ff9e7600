"""A machine sets up its own network stack: loopback, addresses, routes, forwarding."""

from __future__ import annotations

import _socket
import os

from tutor.lab.inside import rtnetlink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def configure(spec: dict[str, Any]) -> None:
    """Bring up what ``spec`` declares; the interfaces are there already. ``OSError.filename`` names what failed."""
    requests = [("lo up", rtnetlink.set_up(1))]
    requests += [(f"address {address} on lo", rtnetlink.add_address(1, address, prefix, None))
                 for address, prefix, _ in spec["addresses"]]  # fmt: skip
    for interface in spec["interfaces"]:
        name = interface["name"]
        index = _socket.if_nametoindex(name)
        if interface["up"]:
            requests.append((f"{name} up", rtnetlink.set_up(index)))
        requests += [(f"address {address}/{prefix} on {name}", rtnetlink.add_address(index, address, prefix, broadcast))
                     for address, prefix, broadcast in interface["addresses"]]  # fmt: skip
    requests += [(f"route {destination}/{prefix} via {via}", rtnetlink.add_route(destination, prefix, via))
                 for destination, prefix, via in spec["routes"]]  # fmt: skip
    rtnetlink.perform(requests)
    # A new namespace takes these over from the host, where they may be anything.
    _sysctl("ipv4/ip_forward", "1" if spec["forward"] else "0")
    _sysctl("ipv4/conf/all/rp_filter", "0")
    _sysctl("ipv4/conf/default/rp_filter", "0")
    if spec["forward"]:
        _sysctl("ipv6/conf/all/forwarding", "1")
    _sysctl("bridge/bridge-nf-call-iptables", "0")


def _sysctl(key: str, value: str) -> None:
    try:
        fd = os.open(f"/proc/sys/net/{key}", os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # this kernel has no such knob, so nothing is to be turned off
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)
