"""What a lab is like, as its own tools tell it: to be compared before and after a look.

Traces of packets (neighbours, learnt MAC addresses, tracked connections, counters, a server's log) are left out, and
so are IPv6 of the link's own scope, which the kernel goes on arranging by itself, and the files of Docker's engine,
which clears away within a minute what is left of the namespace of a container that is gone.
"""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.session import Session

_DUMP_TIME = 30.0
_SCRIPT = r"""
steady() {
    sed 's/"\([a-z_]*_timer\|fdb_n_learned\|operstate\)":[^,}]*//g; s/"\(NO-CARRIER\|LOWER_UP\)",*//g;
        s/},{"ifindex/},\n{"ifindex/g; s/ linkdown//'
}
tell() {
    ip -details -json link | steady
    ip -json -4 address | steady
    ip -json -6 address show scope global | steady
    ip -4 route show table all | steady
    ip -6 route show table all | grep -v 'fe80::\|ff00::' | steady
    ip rule; ip -6 rule
    nft --stateless list ruleset
    grep -rs . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/bridge
}
if [ "$1" = inside ]; then tell; exit; fi
tell
for name in $(ls /run/netns 2>/dev/null); do
    echo "namespace $name"
    ip netns exec "$name" sh "$0" inside
done
if [ -S /run/docker.sock ]; then
    docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}} {{.Ports}} {{.Networks}}'
    docker network ls --no-trunc --format '{{.ID}} {{.Name}} {{.Driver}}'
    for path in /run/docker/netns/*; do
        [ "$(stat -f -c %T "$path" 2>/dev/null)" = nsfs ] || continue
        echo "namespace $path"
        nsenter --net="$path" sh "$0" inside
    done
fi
find /etc /root /home /tmp /run /var /opt /srv -xdev -type f ! -path '/var/log/*' \
    ! -path '*/docker/*' ! -path "$0" \
    -exec sha256sum {} + 2>/dev/null | sort -k 2
"""


async def dump(session: Session) -> tuple[str, ...]:
    """Links, addresses, routes, rules, settings and file hashes of every machine and namespace, as lines."""
    machines = [machine.name for machine in session.lesson.topology.machines]
    keep = 'file=$(mktemp) && cat >"$file" && sh "$file"; rm -f "$file"'
    told = await asyncio.gather(
        *(session.lab.run(name, ["sh", "-c", keep], stdin=_SCRIPT.encode(), timeout=_DUMP_TIME) for name in machines)
    )
    lines: list[str] = []
    for name, done in zip(machines, told, strict=True):
        lines += [f"machine {name}", *done.stdout.decode("utf-8", "replace").splitlines()]
    return tuple(lines)


def difference(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """The first lines that are different, or nothing."""
    changed = [line for line in difflib.unified_diff(before, after, lineterm="", n=0) if not line.startswith("@@")]
    return "\n".join(line[:300] for line in changed[2:6])
