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
    for key, value in _wanted(forward=spec["forward"]).items():
        if spec["inherited"].get(key, value) != value:
            _set(key, value)


def _wanted(*, forward: bool) -> dict[str, str]:
    """Knobs that a new namespace takes over from the host, where they may be anything (devconf_inherit_init_net)."""
    return {
        "ipv4/ip_forward": "1" if forward else "0",
        "ipv6/conf/all/forwarding": "1" if forward else "0",
        "ipv4/conf/all/rp_filter": "0",
        "ipv4/conf/default/rp_filter": "0",
        "bridge/bridge-nf-call-iptables": "0",
        "bridge/bridge-nf-call-ip6tables": "0",
    }


def quiet_fabric() -> dict[str, str]:
    """Keep the kernel of the switches' namespace from talking on the wires. The knobs of a new namespace, which this
    one still is; those that this kernel has not are left out."""
    inherited = {key: value for key in _wanted(forward=False) if (value := _get(key)) is not None}
    for scope in ("all", "default"):
        if _get(f"ipv6/conf/{scope}/disable_ipv6") is not None:
            _set(f"ipv6/conf/{scope}/disable_ipv6", "1")
    return inherited


def _get(key: str) -> str | None:
    try:
        fd = os.open(f"/proc/sys/net/{key}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.read(fd, 256).decode().strip()
    finally:
        os.close(fd)


def _set(key: str, value: str) -> None:
    fd = os.open(f"/proc/sys/net/{key}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)
