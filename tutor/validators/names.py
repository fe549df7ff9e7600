"""Names as the programs of a machine see them, and the files that decide about them."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model import namefiles
from tutor.model.facts import Asked, Facts, Resolution, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, FileOf, NameLookup, Want
from tutor.validators import say
from tutor.validators.contents import text_of
from tutor.validators.registry import param, validator

HOSTS, RESOLV, NSSWITCH = "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"


@validator("hosts-entry")
@dataclass(frozen=True)
class HostsEntry:
    """The hosts file has this name for this address, and for no other of its kind."""

    name: str = param("the name")
    address: Address = param("the address")
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, HOSTS)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        expected = tell("{file} of {machine} says that {name} is {address}", file=HOSTS, machine=machine,
                        name=self.name, address=str(self.address))  # fmt: skip
        text = text_of(facts, self.place, HOSTS, expected, Layer.NAME)
        if not isinstance(text, str):
            return text
        lines = namefiles.lines_for(text, self.name)
        found = list(dict.fromkeys(str(line.address) for line in lines if line.address.version == self.address.version))
        if found == [str(self.address)]:
            return Met(tell("{name} is {address}", name=self.name, address=found[0]))
        look = say.on(machine, f"cat {HOSTS}")
        if not found:
            return Unmet(expected, tell("it has no {name}", name=self.name), Layer.NAME, look)
        observed = tell("it says that {name} is {addresses}", name=self.name, addresses=say.joined(found))
        return Unmet(expected, observed, Layer.NAME, look)


@validator("nameserver")
@dataclass(frozen=True)
class Nameserver:
    """`/etc/resolv.conf` names this name server, as the first one that is asked."""

    address: Address = param("the name server")
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, RESOLV)})

    def judge(self, facts: Facts) -> Verdict:
        machine, address = self.place.machine, str(self.address)
        expected = tell("{machine} asks the name server {address}", machine=machine, address=address)
        text = text_of(facts, self.place, RESOLV, expected, Layer.NAME)
        if not isinstance(text, str):
            return text
        servers = [str(server) for server in namefiles.resolver(text).servers]
        look = say.on(machine, f"cat {RESOLV}")
        if not servers:
            return Unmet(expected, _no_server(text), Layer.NAME, look)
        if servers[0] != address:
            return Unmet(expected, tell("it asks {address} first", address=servers[0]), Layer.NAME, look)
        return Met(tell("it asks {address} first", address=address))


def _no_server(text: str) -> str:
    wrong = namefiles.passed_over(text)
    if not wrong:
        return tell("{file} names no name server", file=RESOLV)
    return tell("in {file}, the line `{line}` is not understood, and passed over", file=RESOLV, line=wrong[0][:60])


@validator("search-domain")
@dataclass(frozen=True)
class SearchDomain:
    """`/etc/resolv.conf` completes short names with this domain."""

    domain: str = param("the domain")
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, RESOLV)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        expected = tell("{machine} completes short names with {domain}", machine=machine, domain=self.domain)
        text = text_of(facts, self.place, RESOLV, expected, Layer.NAME)
        if not isinstance(text, str):
            return text
        search = namefiles.resolver(text).search
        if self.domain.rstrip(".").casefold() in search:
            return Met(tell("it completes short names with {domains}", domains=say.joined(search)))
        look = say.on(machine, f"cat {RESOLV}")
        if not search:
            return Unmet(expected, tell("{file} has no search domain", file=RESOLV), Layer.NAME, look)
        observed = tell("it completes short names with {domains}", domains=say.joined(search))
        return Unmet(expected, observed, Layer.NAME, look)


@validator("resolver-option")
@dataclass(frozen=True)
class ResolverOption:
    """`/etc/resolv.conf` has this option."""

    option: str = param("the option, such as `ndots:2`")
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, RESOLV)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        expected = tell("{file} of {machine} has the option {option}", file=RESOLV, machine=machine, option=self.option)
        text = text_of(facts, self.place, RESOLV, expected, Layer.NAME)
        if not isinstance(text, str):
            return text
        options = namefiles.resolver(text).options
        if self.option in options:
            return Met(tell("it has the option {option}", option=self.option))
        observed = tell("its options are: {options}", options=say.joined(options))
        return Unmet(expected, observed, Layer.NAME, say.on(machine, f"cat {RESOLV}"))


@validator("name-sources")
@dataclass(frozen=True)
class NameSources:
    """Names of hosts are looked up in these sources, in this order (`/etc/nsswitch.conf`)."""

    sources: tuple[str, ...] = param("the sources, such as `[files, dns]`")
    place: Place = param("the machine", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, NSSWITCH)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        expected = tell("{machine} looks names up in {sources}", machine=machine, sources=_in_order(self.sources))
        text = text_of(facts, self.place, NSSWITCH, expected, Layer.NAME)
        if not isinstance(text, str):
            return text
        sources = namefiles.host_sources(text)
        if sources == self.sources:
            return Met(tell("it looks them up in {sources}", sources=_in_order(sources)))
        look = say.on(machine, f"grep hosts {NSSWITCH}")
        if not sources:
            return Unmet(expected, tell("{file} has no line for hosts", file=NSSWITCH), Layer.NAME, look)
        observed = tell("it looks them up in {sources}", sources=_in_order(sources))
        return Unmet(expected, observed, Layer.NAME, look)


def _in_order(sources: tuple[str, ...]) -> str:
    return ", ".join(sources)


@validator("resolves")
@dataclass(frozen=True)
class Resolves:
    """Programs get an address for a name, wherever they have it from: files or DNS."""

    name: str = param("the name, as one types it")
    place: Place = param("where the program runs", name="in")
    to: tuple[Address, ...] = param("the addresses that it must get, in any order", default=())

    @property
    def _lookup(self) -> NameLookup:
        return NameLookup(self.place, self.name)

    def wants(self) -> frozenset[Want]:
        files = (FileOf(self.place.machine, path) for path in (HOSTS, RESOLV, NSSWITCH))
        return frozenset({self._lookup, *files})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.place)
        wanted = {str(address) for address in self.to}
        if wanted:
            expected = tell("programs {within} get {addresses} for {name}", within=say.within(self.place),
                            addresses=say.joined(sorted(wanted)), name=self.name)  # fmt: skip
        else:
            expected = tell(
                "programs {within} get an address for {name}", within=say.within(self.place), name=self.name
            )
        result = facts.of(self._lookup)
        if isinstance(result, Unreadable):
            return say.unreadable(result, self.place, expected)
        got = set(result.addresses)
        if got and (not wanted or got == wanted):
            return Met(tell("{name} is {addresses}", name=self.name, addresses=say.joined(result.addresses)))
        if not got:
            return nothing_found(facts, self.place, self.name, result, expected)
        addresses = say.joined(result.addresses)
        if origin(facts, self.place, self.name) == "files":
            observed = tell("{place} takes it for {addresses}, as {file} says", place=where, addresses=addresses,
                            file=HOSTS)  # fmt: skip
            return Unmet(expected, observed, Layer.NAME, say.command(self.place, f"grep {self.name} {HOSTS}"))
        observed = tell("{place} gets {addresses}", place=where, addresses=addresses)
        return Unmet(expected, observed, Layer.NAME, say.command(self.place, f"getent ahosts {self.name}"))


def origin(facts: Facts, place: Place, name: str) -> str:
    """Which source of nsswitch.conf knows the name first: ``files``, or another; ``dns`` where files say nothing."""
    texts = {path: facts.of(FileOf(place.machine, path)) for path in (HOSTS, NSSWITCH)}
    hosts, switch = texts[HOSTS], texts[NSSWITCH]
    sources = ("files", "dns") if isinstance(switch, Unreadable) else namefiles.host_sources(switch.text)
    known = not isinstance(hosts, Unreadable) and bool(namefiles.lines_for(hosts.text, name))
    if known and "files" in sources and ("dns" not in sources or sources.index("files") < sources.index("dns")):
        return "files"
    return "dns"


def nothing_found(facts: Facts, place: Place, name: str, result: Resolution, expected: str) -> Unmet | Unknown:
    """Why programs get no address: no source, no server, a server that is silent, or one that says no."""
    where, machine = say.place(place), place.machine
    switch, resolv = facts.of(FileOf(machine, NSSWITCH)), facts.of(FileOf(machine, RESOLV))
    sources = ("files", "dns") if isinstance(switch, Unreadable) else namefiles.host_sources(switch.text)
    if "dns" not in sources:
        observed = tell("{place} looks names up in {sources} alone, and finds no {name}", place=where,
                        sources=_in_order(sources) or "nothing", name=name)  # fmt: skip
        return Unmet(expected, observed, Layer.NAME, say.command(place, f"grep hosts {NSSWITCH}"))
    hosts = facts.of(FileOf(machine, HOSTS))
    wrong = None if isinstance(hosts, Unreadable) or "files" not in sources else namefiles.misplaced(hosts.text, name)
    if wrong:
        observed = tell("in {file}, the line `{line}` does not begin with an address, and is passed over", file=HOSTS,
                        line=wrong[:60])  # fmt: skip
        return Unmet(expected, observed, Layer.NAME, say.command(place, f"cat {HOSTS}"))
    silent = [asked for asked in result.asked if asked.result.error is not None]
    if result.asked and len(silent) == len(result.asked):
        observed = tell("the name server {server} gives no answer: {error}", server=str(silent[0].server),
                        error=str(silent[0].result.error))  # fmt: skip
        look = say.command(place, f"dig @{silent[0].server} {silent[0].name}")
        return Unmet(expected, observed, Layer.SERVICE, look)
    if result.asked:
        heard = next(asked for asked in result.asked if asked.result.error is None)
        look = say.command(place, f"dig @{heard.server} {heard.name}")
        return Unmet(expected, _said(heard), Layer.NAME, look)
    if not result.in_time:
        observed = tell("{place} waited for an answer and got none", place=where)
        return Unmet(expected, observed, Layer.SERVICE, say.command(place, f"cat {RESOLV}"))
    if not isinstance(resolv, Unreadable) and namefiles.resolver(resolv.text).servers:
        return Unknown(tell("the name servers of {place} could not be asked", place=where))
    observed = tell("{hosts} of {place} has no {name}, and {resolv} names no name server", hosts=HOSTS, place=where,
                    name=name, resolv=RESOLV)  # fmt: skip
    return Unmet(expected, observed, Layer.NAME, say.command(place, f"cat {HOSTS} {RESOLV}"))


def _said(asked: Asked) -> str:
    server, name, rcode = str(asked.server), asked.name, asked.result.rcode
    if rcode == "NXDOMAIN":
        return tell("the name server {server} says that there is no {name}", server=server, name=name)
    if rcode == "NOERROR":
        return tell("the name server {server} has no address for {name}", server=server, name=name)
    return tell("the name server {server} said {rcode} for {name}", server=server, rcode=str(rcode), name=name)
