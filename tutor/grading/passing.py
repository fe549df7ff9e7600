"""What a line names that only one lab ever had: the number of a process, a container that Docker named, a MAC address.

Typed again, such a line does nothing, or something else, and that is nobody's fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tutor.i18n import tell

_PROCESS = re.compile(r"\bkill\s+(?:-s\s+\w+\s+|-\S+\s+)*(\d+)|/proc/(\d+)/|\bnsenter\b.*?(?:-t|--target)[ =]?(\d+)")
_CONTAINER = re.compile(
    r"\bdocker\b(?:\s+(?:container|network))?\s+(?:rm|stop|kill|start|restart|logs|exec|inspect|port|top|pause|connect|"
    r"disconnect)\b[^;|&]*?\s((?=[a-f]*\d)[0-9a-f]{4,64}|[a-z]+_[a-z]+)(?![\w.-])"
)
_LINK = re.compile(r"\b(veth[0-9a-f]{7}|br-[0-9a-f]{12})\b")
_MAC = re.compile(r"\b(?:lladdr|arp\s+-s|fdb)\b.*?\b([0-9a-f]{2}(?::[0-9a-f]{2}){5})\b", re.IGNORECASE)
_KINDS = (
    (tell("the process"), _PROCESS),
    (tell("the container"), _CONTAINER),
    (tell("the link"), _LINK),
    (tell("the MAC address"), _MAC),
)
_NAMED = re.compile(r"--name[ =]([\w.-]+)")


def passing(lines: Iterable[str]) -> str:
    """The first such thing in words; empty where there is none. A name that the lines gave themselves is none."""
    given: set[str] = set()
    for line in lines:
        given.update(_NAMED.findall(line))
        for what, pattern in _KINDS:
            match = pattern.search(line)
            name = next(filter(None, match.groups()), "") if match else ""
            if name and name not in given:
                return tell("{what} {name} was in the learner's lab alone", what=what, name=name[:24])
    return ""
