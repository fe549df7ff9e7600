"""What this kernel can do in a lab, proved by doing it there. Lessons name these words under ``requires``.

A module that is not loaded cannot be loaded from inside a user namespace; the fix is to load it as root.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.lab.lab import Lab
from tutor.model.topology import MachineSpec, Topology

_PAIR = "ip link add f0 type veth peer name f1 && "
# Name -> what proves it, run by sh in a fresh network namespace, and the module that brings it.
_TRIALS: Mapping[str, tuple[str, str]] = {
    "veth": (f"{_PAIR}true", "veth"),
    "bridge": ("ip link add f0 type bridge", "bridge"),
    "vlan": (f"{_PAIR}ip link add link f0 name f2 type vlan id 7", "8021q"),
    "vxlan": ("ip link add f0 type vxlan id 7 dstport 4789 remote 192.0.2.1", "vxlan"),
    "macvlan": (f"{_PAIR}ip link add link f0 name f2 type macvlan mode bridge", "macvlan"),
    "ipvlan": (f"{_PAIR}ip link add link f0 name f2 type ipvlan mode l2", "ipvlan"),
    "dummy": ("ip link add f0 type dummy", "dummy"),
    "bond": ("ip link add f0 type bond", "bonding"),
    "vrf": ("ip link add f0 type vrf table 7", "vrf"),
    "tun": ("ip tuntap add f0 mode tun", "tun"),
    "gre": ("ip link add f0 type gre local 192.0.2.1 remote 192.0.2.2", "ip_gre"),
    "ipip": ("ip link add f0 type ipip local 192.0.2.1 remote 192.0.2.2", "ipip"),
    "wireguard": ("ip link add f0 type wireguard", "wireguard"),
    "netem": ("tc qdisc add dev lo root netem delay 1ms", "sch_netem"),
    "htb": ("tc qdisc add dev lo root htb", "sch_htb"),
    "nftables": ("nft add table ip f", "nf_tables"),
    "nat": ("nft 'add table ip f; add chain ip f c { type nat hook postrouting priority 100; };"
            " add rule ip f c masquerade'", "nft_masq"),
    "iptables": ("iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE", "xt_MASQUERADE"),
    "conntrack": ("nft 'add table ip f; add chain ip f c; add rule ip f c ct state new accept'", "nf_conntrack"),
    "ipv6": ("test -e /proc/sys/net/ipv6/conf/lo", "ipv6"),
    "overlay": ("mkdir -p /tmp/f/l /tmp/f/u /tmp/f/w /tmp/f/m && "
                "mount -t overlay f -o lowerdir=/tmp/f/l,upperdir=/tmp/f/u,workdir=/tmp/f/w /tmp/f/m", "overlay"),
}  # fmt: skip

NAMES = tuple(_TRIALS)


@dataclass(frozen=True, slots=True)
class Feature:
    """``detail`` is what the tool said where it does not work; ``fix`` what to do then."""

    name: str
    works: bool
    detail: str = ""
    fix: str = ""


async def try_features(names: Collection[str] = NAMES) -> tuple[Feature, ...]:
    """Try each in one fresh lab, in the order asked. ``KeyError`` for a word that is no feature; ``LabError``."""
    trials = {name: _TRIALS[name] for name in names}
    lab = await Lab.boot(Topology((MachineSpec("host"),)))
    try:
        return tuple(await asyncio.gather(*(_try(lab, name, *trial) for name, trial in trials.items())))
    finally:
        await lab.close()


async def require(names: Collection[str]) -> None:
    """``LabError`` naming the first of these features that this kernel has not."""
    for feature in await try_features(names):
        if not feature.works:
            raise LabError(
                tell("this kernel cannot do {feature} in a lab: {detail}", feature=feature.name, detail=feature.detail),
                feature.fix,
            )


async def _try(lab: Lab, name: str, line: str, module: str) -> Feature:
    try:
        done = await lab.run("host", ["unshare", "--mount", "--net", "sh", "-c", line])
    except TimeoutError:
        return Feature(name, False, "it took too long")
    if done.status == 0:
        return Feature(name, True)
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    fix = "Run `nettutor tools install`" if done.status == 127 else f"As root run `modprobe {module}`"
    return Feature(name, False, said[0] if said else f"exit status {done.status}", fix)
