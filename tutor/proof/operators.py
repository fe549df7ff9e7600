"""The ways in which learners break a command line, each a pure function from a line to broken lines.

An operator says nothing where it does not fit. The layers that it names are those that a reason may blame, beside
those that the command itself is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from tutor.model.verdict import Layer
from tutor.proof.line import Line, Word
from tutor.proof.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken line. ``how`` says in one clause what was done to it."""

    text: str
    how: str


Breaking = Callable[[Line, Vocabulary], Iterator[Broken]]


@dataclass(frozen=True, slots=True)
class Operator:
    name: str
    layers: frozenset[Layer]
    breaks: Breaking


_OPERATORS: list[Operator] = []
_ADDRESS = re.compile(r"(?P<ip>\d+\.\d+\.\d+\.\d+)(?:/(?P<length>\d+))?(?::(?P<port>\d+))?")
_MISSPELT = {"veth": "beth", "bridge": "dummy"}
_CHAINS = {
    "POSTROUTING": ("PREROUTING", "INPUT"),
    "PREROUTING": ("POSTROUTING", "OUTPUT"),
    "postrouting": ("prerouting", "input"),
    "prerouting": ("postrouting", "output"),
    "FORWARD": ("INPUT", "OUTPUT"),
    "forward": ("input", "output"),
}
_TARGETS = {"MASQUERADE": "ACCEPT", "SNAT": "ACCEPT", "DNAT": "ACCEPT", "masquerade": "accept", "dnat": "snat"}
_DIRECTIONS = {
    "-s": "-d",
    "-d": "-s",
    "-o": "-i",
    "-i": "-o",
    "--dport": "--sport",
    "saddr": "daddr",
    "daddr": "saddr",
    "dport": "sport",
    "oifname": "iifname",
    "iifname": "oifname",
}
_IMAGES = {"nginx": "busybox", "busybox": "nginx"}
_JOINING = {"connect": "disconnect", "disconnect": "connect", "create": "rm"}
_OTHER_SETTING = "net.ipv6.conf.all.forwarding"
_OPPOSITES = {"files": "dns", "dns": "files", "noerror": "nxdomain", "nxdomain": "noerror"}
_FILTERING = frozenset(("iptables", "ip6tables", "nft"))


def operator(name: str, *layers: Layer) -> Callable[[Breaking], Breaking]:
    """Make a function one of the operators. ``layers`` are those that a reason may name."""

    def register(breaks: Breaking) -> Breaking:
        _OPERATORS.append(Operator(name, frozenset(layers), breaks))
        return breaks

    return register


def operators() -> tuple[Operator, ...]:
    return tuple(_OPERATORS)


@operator("wrong mask", Layer.ADDRESS, Layer.ROUTE)
def wrong_mask(line: Line, _: Vocabulary) -> Iterator[Broken]:
    for word, match in _addresses(line):
        if match["length"] is None:
            continue
        length = int(match["length"])
        yield Broken(line.replaced(word, match["ip"]), f"{word.text} without its mask")
        if length > 8:
            wider = _same_form(f"{match['ip']}/{length}", length - 8)
            yield Broken(line.replaced(word, wider), f"{wider} in place of {word.text}")


@operator("wrong address", Layer.ADDRESS, Layer.ROUTE, Layer.NEIGHBOUR, Layer.SERVICE)
def wrong_address(line: Line, vocabulary: Vocabulary) -> Iterator[Broken]:
    """A host's address with another last number; a network's with another third."""
    for word, match in _addresses(line):
        if line.before(word) in ("via", "gw", "netmask"):
            continue
        network = _is_network(match)
        moved = _moved(match["ip"], 256 if network else 5, vocabulary)
        new = word.text.replace(match["ip"], moved, 1)
        yield Broken(line.replaced(word, new), f"{new} in place of {word.text}")


@operator("wrong gateway", Layer.ROUTE, Layer.ADDRESS, Layer.NEIGHBOUR)
def wrong_gateway(line: Line, vocabulary: Vocabulary) -> Iterator[Broken]:
    for word in line.after("via", "gw"):
        if not _ADDRESS.fullmatch(word.text):
            continue
        known = [address for address in vocabulary.addresses if address not in line.text and address[-2:] != ".0"]
        for wrong in (_moved(word.text, 5, vocabulary), *known[:2]):
            yield Broken(line.replaced(word, wrong), f"via {wrong} in place of {word.text}")


@operator("wrong destination", Layer.ROUTE)
def wrong_destination(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program in ("ip", "route"):
        for word in line.words:
            if word.text == "default":
                new = "10.0.0.0/8" if line.program == "ip" else "-net 10.0.0.0/8"
                yield Broken(line.replaced(word, new), "another destination in place of default")


@operator("wrong interface", Layer.LINK, Layer.ADDRESS, Layer.ROUTE, Layer.NEIGHBOUR, Layer.NAT)
def wrong_interface(line: Line, vocabulary: Vocabulary) -> Iterator[Broken]:
    """Loopback, and the other end of the cable or else another link; a new link gets a name that was mistyped."""
    making = _makes_links(line)
    for word in line.words[1:]:
        if word.text not in vocabulary.links or line.before(word) == "type":
            continue
        if making and line.before(word) != "master":
            yield Broken(line.replaced(word, mistyped(word.text)), f"{word.text} mistyped")
            continue
        peer = vocabulary.peer(word.text)
        others = [peer] if peer else [link for link in vocabulary.links if link not in (word.text, "lo")]
        for wrong in (*others[:1], "lo"):
            if wrong != word.text:
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")


@operator("link left down", Layer.LINK)
def left_down(line: Line, _: Vocabulary) -> Iterator[Broken]:
    for word in line.words:
        if word.text == "up":
            yield Broken(line.replaced(word, "down"), "down in place of up")
    if line.program == "ifconfig" and any(True for _ in _addresses(line)):
        yield Broken(f"{line.text} down", "with the link left down")


@operator("wrong kind", Layer.LINK)
def wrong_kind(line: Line, _: Vocabulary) -> Iterator[Broken]:
    for word in line.after("type"):
        if line.program == "ip" and word.text in _MISSPELT:
            yield Broken(line.replaced(word, _MISSPELT[word.text]), f"{_MISSPELT[word.text]} in place of {word.text}")


@operator("other namespace", Layer.NAMESPACE, Layer.LINK, Layer.ADDRESS, Layer.ROUTE)
def other_namespace(line: Line, vocabulary: Vocabulary) -> Iterator[Broken]:
    at = line.namespace
    if at is not None:
        word = line.words[at]
        for wrong in _others(vocabulary, word.text)[:1]:
            yield Broken(line.replaced(word, wrong), f"in {wrong} in place of {word.text}")
        outside = line.text[line.words[4].start :] if at == 3 else line.without(*line.words[1:3])
        yield Broken(outside, "on the host instead")
    elif vocabulary.namespaces and _runs_anywhere(line):
        wrong = vocabulary.namespaces[0]
        yield Broken(f"ip netns exec {wrong} {line.text}", f"in {wrong} instead")
    for word in line.after("netns"):
        if word.text in vocabulary.namespaces and word is not (line.words[at] if at is not None else None):
            for wrong in _others(vocabulary, word.text)[:1]:
                yield Broken(line.replaced(word, wrong), f"into {wrong} in place of {word.text}")


@operator("mistyped namespace", Layer.NAMESPACE)
def mistyped_namespace(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.texts[:3] == ("ip", "netns", "add") and len(line.words) > 3:
        word = line.words[3]
        yield Broken(line.replaced(word, mistyped(word.text)), f"{word.text} mistyped")
        yield Broken(line.replaced(word, word.text.capitalize()), f"{word.text} in upper case")


@operator("wrong verb")
def wrong_verb(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """``add`` left out, or the opposite of it."""
    if line.program in ("ip", "route"):
        for word in line.bare[1:3]:
            if word.text == "add":
                yield Broken(line.without(word), "without add")
                yield Broken(line.replaced(word, "del"), "del in place of add")
    for word in line.words:
        if line.program in ("iptables", "ip6tables") and word.text in ("-A", "-I"):
            yield Broken(line.replaced(word, "-D"), f"-D in place of {word.text}")
        if word.text == "master" and line.program == "ip" and "set" in line.texts:
            following = line.words[line.words.index(word) + 1]
            yield Broken(line.replaced(Word("", word.start, following.end), "nomaster"), "nomaster instead")


@operator("wrong table", Layer.NAT, Layer.FILTER)
def wrong_table(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program in ("iptables", "ip6tables"):
        for word in line.after("-t"):
            flag = line.words[line.words.index(word) - 1]
            yield Broken(line.without(flag, word), f"without -t {word.text}")
            yield Broken(line.replaced(word, "mangle"), f"table mangle in place of {word.text}")
    elif line.program == "nft":
        for word in line.after("type"):
            if word.text == "nat":
                yield Broken(line.replaced(word, "filter"), "type filter in place of nat")


@operator("wrong chain", Layer.NAT, Layer.FILTER)
def wrong_chain(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program in _FILTERING:
        for word in line.after("-A", "-I", "hook"):
            for wrong in _CHAINS.get(word.text, ()):
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")


@operator("wrong target", Layer.NAT, Layer.FILTER)
def wrong_target(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program in _FILTERING:
        for word in line.words:
            if (wrong := _TARGETS.get(word.text)) and line.before(word) != "type":
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")


@operator("wrong direction", Layer.NAT, Layer.FILTER, Layer.SERVICE)
def wrong_direction(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """Source and destination confused."""
    if line.program in _FILTERING:
        for word in line.words:
            if wrong := _DIRECTIONS.get(word.text):
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")


@operator("wrong protocol", Layer.NAT, Layer.FILTER, Layer.SERVICE)
def wrong_protocol(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program in _FILTERING:
        for word in line.words:
            if word.text == "tcp":
                yield Broken(line.replaced(word, "udp"), "udp in place of tcp")


@operator("wrong port", Layer.NAT, Layer.SERVICE)
def wrong_port(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """The port beside it, and the other one that the line names."""
    ports: list[tuple[Word, str]] = [(word, word.text) for word in line.after("--dport", "dport", "--sport", "sport")]
    ports += [(word, match["port"]) for word, match in _addresses(line) if match["port"]]
    for word, port in ports:
        if port.isdecimal():
            others = [other for _, other in ports if other != port]
            for wrong in (str(int(port) + 1), *others[:1]):
                new = word.text[: len(word.text) - len(port)] + wrong
                yield Broken(line.replaced(word, new), f"port {wrong} in place of {port}")


@operator("wrong setting", Layer.FORWARDING)
def wrong_setting(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program == "sysctl":
        for word in line.words:
            key, equals, value = word.text.partition("=")
            if equals and value in ("0", "1"):
                yield Broken(line.replaced(word, f"{key}={1 - int(value)}"), f"{1 - int(value)} in place of {value}")
            if equals and key == "net.ipv4.ip_forward":
                yield Broken(line.replaced(word, f"{_OTHER_SETTING}={value}"), f"{_OTHER_SETTING} in place of {key}")
            if equals:
                yield Broken(line.replaced(word, key), f"without ={value}")
    elif line.texts[:1] == ("echo",) and ">" in line.texts and line.texts[1] in ("0", "1"):
        other = str(1 - int(line.texts[1]))
        yield Broken(line.replaced(line.words[1], other), f"{other} in place of {line.texts[1]}")


@operator("wrong published port", Layer.NAT, Layer.SERVICE)
def wrong_published_port(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """The ports confused, the one beside each, and none at all."""
    if line.program != "docker":
        return
    for word in line.after("-p", "--publish"):
        outer, colon, inner = word.text.rpartition(":")
        host, port = outer.rpartition(":")[::2]
        if not (colon and port.isdecimal() and inner.isdecimal()):
            continue
        address = f"{host}:" if host else ""
        wrong = [f"{port}:{int(inner) + 1}", f"{int(port) + 1}:{inner}"]
        if port != inner:
            wrong.insert(0, f"{inner}:{port}")
        for ports in wrong:
            yield Broken(line.replaced(word, address + ports), f"{ports} in place of {port}:{inner}")
        flag = line.words[line.words.index(word) - 1]
        yield Broken(line.without(flag, word), f"without {flag.text} {word.text}")


@operator("wrong container", Layer.SERVICE)
def wrong_container(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """Another image, a name that was mistyped, one that was only created, and stop confused with rm."""
    texts = line.texts
    if texts[:2] == ("docker", "run"):
        for word in line.after("--name"):
            yield Broken(line.replaced(word, mistyped(word.text)), f"{word.text} mistyped")
        for word in line.words[2:]:
            if (wrong := _IMAGES.get(word.text)) and not line.before(word).startswith("--"):
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")
        for word in line.words[2:3]:
            if word.text == "-d":
                created = line.without(word).replace("docker run", "docker create", 1)
                yield Broken(created, "create in place of run")
    elif texts[:2] == ("docker", "rm"):
        yield Broken(f"docker stop -t 0 {texts[-1]}", "stop in place of rm")


@operator("wrong Docker network", Layer.LINK, Layer.ADDRESS, Layer.NAME, Layer.SERVICE, Layer.FILTER)
def wrong_docker_network(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if line.program != "docker":
        return
    for word in line.after("--network", "--net"):
        flag = line.words[line.words.index(word) - 1]
        for wrong in ("none", "host"):
            if wrong != word.text:
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")
        yield Broken(line.without(flag, word), f"without {flag.text} {word.text}")
    if line.texts[1:2] == ("network",):
        for word in line.words[2:3]:
            if word.text in _JOINING:
                yield Broken(line.replaced(word, _JOINING[word.text]), f"{_JOINING[word.text]} in place of {word.text}")


def wrong_answers(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Answers of the same kind that are wrong where ``text`` is right."""
    word = text.strip().casefold()
    if word in ("yes", "no"):
        yield "no" if word == "yes" else "yes"
    elif word in _OPPOSITES:
        yield _OPPOSITES[word]
    elif word == "none" or word.isdecimal():
        number = 0 if word == "none" else int(word)
        yield str(number + 1)
        if number:
            yield str(number - 1)
    elif _ADDRESS.fullmatch(word):
        yield from [address for address in vocabulary.addresses if address != word and word not in address][:2]
    elif word in vocabulary.links:
        yield from [link for link in vocabulary.links if link != word][:3]
    else:
        yield from [name for name in (*vocabulary.shells, *vocabulary.namespaces) if name not in word.split()][:2]


def mistyped(name: str) -> str:
    """Its last two letters swapped; where they are the same, one more of them."""
    swapped = name[:-2] + name[-1] + name[-2] if len(name) > 1 else name
    return swapped if swapped != name else name + name[-1]


def _addresses(line: Line) -> Iterator[tuple[Word, re.Match[str]]]:
    for word in line.words:
        if match := _ADDRESS.fullmatch(word.text):
            yield word, match


def _is_network(match: re.Match[str]) -> bool:
    if match["length"] is None:
        return False
    interface = IPv4Interface(f"{match['ip']}/{match['length']}")
    return interface.ip == interface.network.network_address and interface.network.prefixlen < 32


def _same_form(address: str, length: int) -> str:
    """With another prefix length: a network stays one, an address keeps its host part."""
    interface = IPv4Interface(address)
    wider = IPv4Interface(f"{interface.ip}/{length}")
    return str(wider.network) if interface.ip == interface.network.network_address else str(wider)


def _mask_length(mask: str) -> int:
    """How many ones it begins with: 24 of 255.255.255.0."""
    return f"{int(IPv4Address(mask)):032b}".find("0") % 33


def _moved(ip: str, by: int, vocabulary: Vocabulary) -> str:
    """Another address of the same form that the lesson does not use."""
    moved = IPv4Address(ip) + by
    while str(moved) in vocabulary.addresses:
        moved += by
    return str(moved)


def _makes_links(line: Line) -> bool:
    texts = [word.text for word in line.bare]
    return texts[:3] == ["ip", "link", "add"] or texts[:2] == ["brctl", "addbr"]


def _others(vocabulary: Vocabulary, name: str) -> list[str]:
    return [other for other in vocabulary.namespaces if other != name]


def _runs_anywhere(line: Line) -> bool:
    """Whether the command means something inside a namespace too."""
    return line.program in {*_FILTERING, "sysctl", "brctl", "ifconfig", "route"} or (
        line.program == "ip" and line.texts[1:2] != ("netns",)
    )
