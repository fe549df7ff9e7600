"""Filter and NAT rules of a place, from every tool that can have made them.

nft lists the rules of iptables-nft too, but some of their matches and targets only as opaque ``xt`` expressions; so
tables that iptables can read are taken from ``iptables-save``. Rules of the old iptables (legacy) are in no other list;
the kernel says in /proc/net/ip_tables_names whether there are any.
"""

from __future__ import annotations

import asyncio
import os
import re

from tutor.lab.probe import iptables, nft
from tutor.lab.probe.opener import Completed, Opener
from tutor.lab.probe.ruletree import Chain, base_chains, drops, program, rewrites
from tutor.model.facts import Gone, Ruleset, Unreadable
from tutor.model.place import Place

_NO_PROGRAM = 127
_COUNTS = re.compile(r"^\[\d+:\d+\] (?=-A )", re.MULTILINE)
_IPTABLES_TABLES = {"filter", "nat", "mangle", "raw", "security"}
_SAVES = {4: ("iptables-nft-save", "iptables-save"), 6: ("ip6tables-nft-save", "ip6tables-save")}
_LEGACY = {4: ("iptables-legacy-save",), 6: ("ip6tables-legacy-save",)}


async def ruleset(opener: Opener, place: Place) -> Ruleset | Unreadable:
    """``Unreadable`` where no program can say it. Raises what the opener raises."""
    document, listing = await asyncio.gather(
        _run(opener, place, "nft", "-j", "list", "ruleset"), _run(opener, place, "nft", "-s", "-a", "list", "ruleset")
    )
    if refused := _refused(document, place) or _refused(listing, place):
        return refused
    chains: list[Chain] = []
    if document and listing:
        chains = nft.parse(_text(document.stdout), _text(listing.stdout))
    text = nft.without_handles(_text(listing.stdout)) if listing else ""
    saved = await asyncio.gather(*(_saved(opener, place, version, bool(document), chains) for version in (4, 6)))
    if document is None and saved == [None, None]:
        return Unreadable(Gone.FAILED, f"there is neither nft nor iptables-save on {place.machine}")
    for ours in filter(None, saved):
        chains = _merge(chains, ours)
    unread: tuple[str, ...] = ()
    for version in (4, 6):
        legacy, note = await _legacy(opener, place, version)
        chains += legacy
        text += note
        unread += (note,) if note and not legacy else ()
    return Ruleset(rewrites(chains), base_chains(chains), drops(chains), text, program(chains), unread)


async def _saved(
    opener: Opener, place: Place, version: int, nft_known: bool, chains: list[Chain]
) -> list[Chain] | None:
    """What iptables-nft says of its tables; nothing where nft shows that there are none, ``None`` without a program."""
    family = "ip" if version == 4 else "ip6"
    if nft_known and not any(chain.family == family and chain.table in _IPTABLES_TABLES for chain in chains):
        return []
    done = await _first(opener, place, _SAVES[version])
    return iptables.parse(_text(done.stdout), version) if done and done.status == 0 else None


async def _legacy(opener: Opener, place: Place, version: int) -> tuple[list[Chain], str]:
    """Chains of the old iptables, and a note for the text."""
    name = "ip_tables_names" if version == 4 else "ip6_tables_names"
    try:
        descriptor = await opener.open(place, f"/proc/net/{name}")
    except OSError:
        return [], ""
    try:
        tables = os.read(descriptor, 4096).decode("ascii", "replace").split()
    except OSError:
        return [], ""
    finally:
        os.close(descriptor)
    if not tables:
        return [], ""
    done = await _first(opener, place, _LEGACY[version])
    if not done or done.status != 0:
        return [], f"# rules of iptables-legacy in {', '.join(tables)} could not be read\n"
    saved = _text(done.stdout)
    return iptables.parse(saved, version), _COUNTS.sub("", saved)


def _merge(chains: list[Chain], saved: list[Chain]) -> list[Chain]:
    """Rules of a table that iptables could read come from it; which base chains exist is nft's word."""
    if not saved:
        return chains
    tables = {(chain.family, chain.table) for chain in saved if chain.rules}
    known = {(chain.family, chain.table, chain.name): chain for chain in chains}
    kept = [chain for chain in chains if (chain.family, chain.table) not in tables]
    for chain in saved:
        if (chain.family, chain.table) not in tables:
            continue
        existing = known.get((chain.family, chain.table, chain.name))
        if existing or not known:
            if existing:
                chain.hook, chain.policy = existing.hook, existing.policy
                chain.kind, chain.priority = existing.kind, existing.priority
            kept.append(chain)
    return kept


async def _first(opener: Opener, place: Place, programs: tuple[str, ...]) -> Completed | None:
    for name in programs:
        if done := await _run(opener, place, name, "-c"):
            return done
    return None


async def _run(opener: Opener, place: Place, *argv: str) -> Completed | None:
    """``None`` where there is no such program."""
    done = await opener.run(place.machine, argv, netns=place.netns)
    return None if done.status == _NO_PROGRAM else done


def _refused(done: Completed | None, place: Place) -> Unreadable | None:
    if done is None or done.status == 0:
        return None
    said = _text(done.stderr).strip().splitlines()
    words = said[-1] if said else f"it ended with {done.status}"
    reason = Gone.NOT_PERMITTED if "not permitted" in words else Gone.FAILED
    return Unreadable(reason, f"nft could not list the rules of {place}: {words}")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
