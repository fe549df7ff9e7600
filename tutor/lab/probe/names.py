"""What programs get for a name: the C library of the lab is asked itself, by ``getent ahosts`` (getent(1)).

So hosts, nsswitch.conf and resolv.conf mean what they mean to every other program there. Only the waiting is cut short:
each name server is asked once, for a second (``RES_OPTIONS``, resolv.conf(5)). In a namespace it runs under
``ip netns exec``, as the learner's programs do, which lays ``/etc/netns/NAME`` over ``/etc``.
"""

from __future__ import annotations

import asyncio
import os

from tutor.lab.probe.dns import TIMED_OUT, dns_lookup
from tutor.lab.probe.files import read_file
from tutor.lab.probe.opener import Completed, Opener
from tutor.model import namefiles
from tutor.model.facts import Asked, DnsResult, Resolution, Text
from tutor.model.wants import DnsLookup, FileOf, NameLookup

_PATIENCE = "RES_OPTIONS=timeout:1 attempts:1"
_PROMPT, _LONGEST = 0.8, 2.6  # seconds for the library, until its name servers are asked directly, too, and at all
_DIRECTLY = 2.2
_DIRECT_PATIENCE = 0.5
_STREAM = "STREAM"
_NO_PROGRAM, _NOT_FOUND = (126, 127), 2


async def name_lookup(opener: Opener, want: NameLookup) -> Resolution:
    """``ValueError`` for what is no name, ``OSError`` where getent cannot be run, and what the opener raises."""
    if not want.name or want.name.startswith("-") or not want.name.isprintable() or " " in want.name:
        raise ValueError(f"{want.name!r} is not a name")
    argv = ["env", _PATIENCE, "getent", "ahosts", want.name]
    if want.place.netns is not None:
        os.close(await opener.open(want.place, "/proc/net/tcp"))  # raises NamespaceGone before ip complains of it
        argv = ["ip", "netns", "exec", want.place.netns, *argv]
    running = asyncio.create_task(opener.run(want.place.machine, argv))
    asking: asyncio.Task[tuple[Asked, ...]] | None = None
    try:
        if not (await asyncio.wait({running}, timeout=_PROMPT))[0]:
            asking = asyncio.create_task(_asked(opener, want))  # it seems that a server is silent
            await asyncio.wait({running}, timeout=_LONGEST - _PROMPT)
        addresses, canonical = _found(running.result()) if running.done() else ((), None)
        if addresses:
            return Resolution(addresses, canonical)
        asked = await (asking if asking is not None else _asked(opener, want))
        return Resolution(asked=asked, in_time=running.done())
    finally:
        for task in (running, asking):
            if task is not None:
                task.cancel()


def _found(done: Completed) -> tuple[tuple[str, ...], str | None]:
    """What getent found, or nothing. ``OSError`` where it could not be run."""
    if done.status in _NO_PROGRAM:
        raise OSError(f"getent could not be run: {done.stderr.decode('utf-8', 'replace').strip()}")
    if done.status not in (0, _NOT_FOUND):
        raise OSError(f"getent ended with status {done.status}")
    return _parsed(done.stdout.decode("utf-8", "replace"))


def _parsed(text: str) -> tuple[tuple[str, ...], str | None]:
    """``203.0.113.80    STREAM web.example.com``; the name stands in the first line only."""
    rows = [line.split() for line in text.splitlines()]
    addresses = [row[0] for row in rows if len(row) > 1 and row[1] == _STREAM]
    canonical = next((row[2] for row in rows if len(row) > 2), None)
    return tuple(dict.fromkeys(addresses)), canonical


async def _asked(opener: Opener, want: NameLookup) -> tuple[Asked, ...]:
    """Each name server of the place, asked directly for the first name that the library would ask for; one that has not
    answered in time is silent."""
    paths = ["/etc/resolv.conf"]
    if want.place.netns is not None:
        paths.insert(0, f"/etc/netns/{want.place.netns}/resolv.conf")
    settings = namefiles.Resolver()
    for path in paths:
        text = await read_file(opener, FileOf(want.place.machine, path))
        if isinstance(text, Text):
            settings = namefiles.resolver(text.text)
            break
    name = want.name if "." in want.name or not settings.search else f"{want.name}.{settings.search[0]}"
    asking = {
        server: asyncio.create_task(dns_lookup(opener, DnsLookup(want.place, server, name), _DIRECT_PATIENCE))
        for server in dict.fromkeys(settings.servers)
    }
    try:
        if asking:
            await asyncio.wait(asking.values(), timeout=_DIRECTLY)
        return tuple(
            Asked(server, name, task.result() if task.done() else DnsResult(error=TIMED_OUT))
            for server, task in asking.items()
        )
    finally:
        for task in asking.values():
            task.cancel()
