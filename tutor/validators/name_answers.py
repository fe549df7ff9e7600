"""Questions about names and name servers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model import namefiles, words
from tutor.model.facts import DnsResult, Facts, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet, Verdict
from tutor.model.wants import Address, DnsLookup, FileOf, NameLookup, Want
from tutor.validators import formats, say, typed
from tutor.validators.conditions import wants_beside
from tutor.validators.contents import text_of
from tutor.validators.dns import asked, look
from tutor.validators.names import HOSTS, NSSWITCH, RESOLV, nothing_found, origin
from tutor.validators.questions import judged, too_early
from tutor.validators.registry import GoalId, param, validator


@dataclass(frozen=True)
class _Asked:
    """What a name server answers, once a condition holds."""

    goal: GoalId
    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    rrtype: str = param("the record type", name="type", default="A")
    when: Check | None = param("what must hold before the question means anything", default=None)

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, self.rrtype)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, self._lookup)


@validator("answer-dns")
@dataclass(frozen=True)
class AnswerOf(_Asked):
    """What does a name server answer? One of its data; `none` where there are none."""

    def judge(self, facts: Facts) -> Verdict:
        what = tell("what {server} answers for {name} {type}", server=str(self.server), name=self.name,
                    type=self.rrtype)  # fmt: skip
        if early := too_early(facts, self.when, what):
            return early
        result = asked(facts, self._lookup, what)
        if not isinstance(result, DnsResult):
            return result
        reader = typed.ip if self.rrtype in ("A", "AAAA") else typed.domain
        right = [answer.split()[-1].rstrip(".").casefold() for answer in result.answers] or ["none"]
        return judged(facts, self.goal, reader, right, what, look(self._lookup))


@validator("answer-ttl")
@dataclass(frozen=True)
class TtlOf:
    """For how many seconds may an answer be kept? Ask a server that has the say: in a cache the number runs down."""

    goal: GoalId
    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    rrtype: str = param("the record type", name="type", default="A")

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, self.rrtype, recurse=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        what = tell("the TTL of {name} at {server}", name=self.name, server=str(self.server))
        result = asked(facts, self._lookup, what)
        if not isinstance(result, DnsResult):
            return result
        if result.ttl is None:
            observed = tell("{server} has no {type} record of {name}", server=str(self.server), type=self.rrtype,
                            name=self.name)  # fmt: skip
            return Unmet(what, observed, Layer.NAME, look(self._lookup))
        return judged(facts, self.goal, typed.number, [str(result.ttl)], what, look(self._lookup))


@validator("answer-rcode")
@dataclass(frozen=True)
class RcodeOf(_Asked):
    """Which status does a name server answer with? Such as NOERROR or NXDOMAIN."""

    def judge(self, facts: Facts) -> Verdict:
        what = tell("the status that {server} answers with", server=str(self.server))
        if early := too_early(facts, self.when, what):
            return early
        result = asked(facts, self._lookup, what)
        if not isinstance(result, DnsResult):
            return result
        right = [str(result.rcode).casefold()]
        return judged(facts, self.goal, typed.name, right, what, look(self._lookup))


class Flag(StrEnum):
    """A bit in the head of an answer (RFC 1035, section 4.1.1)."""

    AUTHORITATIVE = "aa"
    RECURSIVE = "ra"


@validator("answer-flag")
@dataclass(frozen=True)
class FlagOf:
    """Does a name server set a flag in its answer? Yes or no; silence is neither."""

    goal: GoalId
    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    flag: Flag = param("the flag: the server has the say over the name (aa), or asks others for you (ra)")
    rrtype: str = param("the record type", name="type", default="A")

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, self.rrtype)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        what = tell("whether {server} sets the flag {flag}", server=str(self.server), flag=str(self.flag))
        result = asked(facts, self._lookup, what)
        if not isinstance(result, DnsResult):
            return result
        is_set = result.authoritative if self.flag is Flag.AUTHORITATIVE else result.recursive
        return judged(facts, self.goal, typed.yes_or_no, ["yes" if is_set else "no"], what, look(self._lookup))


@validator("answer-referral")
@dataclass(frozen=True)
class ReferralOf:
    """To whom does a name server refer instead of answering? The name, the address or the zone; else `none`."""

    goal: GoalId
    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, recurse=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        what = tell("the name server to which {server} refers for {name}", server=str(self.server), name=self.name)
        result = asked(facts, self._lookup, what)
        if not isinstance(result, DnsResult):
            return result
        right = {word for record in result.referral for word in (record.owner, record.data)}
        shown = [word.rstrip(".").casefold() for word in right] or ["none"]
        return judged(facts, self.goal, typed.domain_or_ip, shown, what, look(self._lookup))


@validator("answer-resolves")
@dataclass(frozen=True)
class ProgramsGet:
    """Which address do programs of a place get for a name? One of them; `none` where they get none."""

    goal: GoalId
    name: str = param("the name, as one types it")
    place: Place = param("where the program runs", name="in")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, NameLookup(self.place, self.name))

    def judge(self, facts: Facts) -> Verdict:
        what = tell("the address that programs {within} get for {name}", within=say.within(self.place), name=self.name)
        if early := too_early(facts, self.when, what):
            return early
        found = facts.of(NameLookup(self.place, self.name))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, what)
        right = list(found.addresses) or ["none"]
        return judged(facts, self.goal, typed.ip, right, what, say.command(self.place, f"getent ahosts {self.name}"))


@validator("answer-name-origin")
@dataclass(frozen=True)
class OriginOf:
    """From where do programs have the address of a name, `/etc/hosts` or `DNS`?"""

    goal: GoalId
    name: str = param("the name, as one types it")
    place: Place = param("where the program runs", name="in")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        files = (FileOf(self.place.machine, path) for path in (HOSTS, RESOLV, NSSWITCH))
        return wants_beside(self.when, NameLookup(self.place, self.name), *files)

    def judge(self, facts: Facts) -> Verdict:
        what = tell("where programs {within} have the address of {name} from", within=say.within(self.place),
                    name=self.name)  # fmt: skip
        if early := too_early(facts, self.when, what):
            return early
        found = facts.of(NameLookup(self.place, self.name))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, what)
        if not found.addresses:
            return nothing_found(facts, self.place, self.name, found, what)
        look_next = say.on(self.place.machine, f"grep {self.name} {HOSTS}; grep hosts {NSSWITCH}")
        return judged(facts, self.goal, typed.origin, [origin(facts, self.place, self.name)], what, look_next)


@validator("answer-nameserver")
@dataclass(frozen=True)
class NameserverOf:
    """Which name server does a machine ask first?"""

    goal: GoalId
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, RESOLV)})

    def judge(self, facts: Facts) -> Verdict:
        what = tell("the name server that {machine} asks first", machine=self.place.machine)
        text = text_of(facts, self.place, RESOLV, what, Layer.NAME)
        if not isinstance(text, str):
            return text
        right = [str(server) for server in namefiles.resolver(text).servers[:1]] or ["none"]
        return judged(facts, self.goal, typed.ip, right, what, say.on(self.place.machine, f"cat {RESOLV}"))


@validator("answer-file-value")
@dataclass(frozen=True)
class ValueIn:
    """Which value has a file of settings under a key?"""

    goal: GoalId
    path: str = param("the file, from / on", name="file")
    key: str = param("the key, as in `file-value`")
    place: Place = param("the machine", name="in")
    asked: str = param("what is asked, in words")
    look: str = param("a command to find it out with")
    format: formats.Format = param("how the file is written; left out, its name tells", default=formats.Format.BY_NAME)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, self.path)})

    def judge(self, facts: Facts) -> Verdict:
        text = text_of(facts, self.place, self.path, self.asked, Layer.SERVICE)
        if not isinstance(text, str):
            return text
        where = words.told(self.look)
        try:
            found = formats.value(text, self.key, formats.of(self.path, self.format))
        except formats.Malformed as error:
            return Unmet(self.asked, tell("it is not well formed: {error}", error=str(error)), Layer.SERVICE, where)
        right = [(found or "none").rstrip(".").casefold()]
        return judged(facts, self.goal, typed.domain, right, self.asked, where)
