"""Diagnosis from facts alone: what is missing is never guessed, and what is open is walked both ways."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from hypothesis import given
from hypothesis import strategies as st

from tutor.diagnosis import Broken, CannotTell, Flow, Network, Works, diagnose, needed
from tutor.diagnosis.choices import MOST, Choices, every
from tutor.model.facts import (
    Facts,
    Gone,
    Link,
    LinkAddress,
    LinkSettings,
    Listeners,
    Namespaces,
    PolicyRule,
    Route,
    Ruleset,
    Stack,
    Text,
    Unreadable,
)
from tutor.model.place import Place
from tutor.model.rules import UNKNOWN, Match, PacketChain, PacketRule
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology
from tutor.model.wants import ListenersOf, NamespacesOf, RulesetOf, StackOf, SysctlOf, Want

ONE, TWO = Place("one"), Place("two")
PLACES = {ONE: "10.0.0.1", TWO: "10.0.0.2"}
TOPOLOGY = Topology(tuple(MachineSpec(p.machine, (InterfaceSpec("eth0", SwitchPort("lan")),)) for p in PLACES))
PING = Flow(ONE, IPv4Address("10.0.0.2"))


def stack(place: Place) -> Stack:
    """A machine with eth0 at the switch and its address."""
    address = IPv4Interface(f"{PLACES[place]}/24")
    mac = f"02:00:00:00:00:0{PLACES[place][-1]}"
    return Stack(
        links=(
            Link(1, "lo", "loopback", True, True, "", 65536, settings=LinkSettings()),
            Link(2, "eth0", "veth", True, True, mac, 1500, settings=LinkSettings(), queue="noqueue"),
        ),
        addresses=(LinkAddress(2, address),),
        routes=(Route("10.0.0.0/24", None, 2, address.ip),),
        local=(Route(f"{address.ip}/32", None, 2, type="local", table=255),),
        rules=(PolicyRule(0, None, None, 255), PolicyRule(32766, None, None, 254)),
    )


def network() -> dict[Want, object]:
    """All facts of two machines at one switch."""
    found: dict[Want, object] = {}
    for place in PLACES:
        found[NamespacesOf(place.machine)] = Namespaces(())
        found[StackOf(place)] = stack(place)
        found[RulesetOf(place)] = Ruleset()
        found[ListenersOf(place)] = Listeners(())
    return found


def walked(found: dict[Want, object], flow: Flow = PING) -> object:
    return diagnose(Network(TOPOLOGY, Facts(found)), flow)  # type: ignore[arg-type]


def test_two_machines_at_a_switch() -> None:
    assert walked(network()) == Works((ONE, TWO), (TWO, ONE))


def test_only_what_the_walk_comes_by_is_asked_for() -> None:
    found = network()
    third = MachineSpec("three", (InterfaceSpec("eth0", SwitchPort("elsewhere")),))
    topology = Topology((*TOPOLOGY.machines, third))
    found[NamespacesOf("three")] = Namespaces(("red",))
    answered: dict[Want, object] = {}
    while more := needed(topology, PING, Facts(answered)):  # type: ignore[arg-type]
        assert not more & answered.keys()
        answered |= {want: found.get(want, Unreadable(Gone.NO_FILE, "no such sysctl")) for want in more}
    assert RulesetOf(TWO) in answered
    assert not {RulesetOf(Place("three")), RulesetOf(Place("three", "red"))} & answered.keys()
    assert diagnose(Network(topology, Facts(answered)), PING) == Works((ONE, TWO), (TWO, ONE))  # type: ignore[arg-type]


@given(st.sets(st.sampled_from(sorted(network(), key=str))))
def test_a_missing_fact_is_no_verdict_or_does_not_matter(missing: set[Want]) -> None:
    found = network()
    for want in missing:
        found[want] = Unreadable(Gone.FAILED, "no answer")
    outcome = walked(found)
    assert isinstance(outcome, Works | CannotTell)
    if any(isinstance(want, StackOf | RulesetOf) for want in missing):
        assert isinstance(outcome, CannotTell)


def test_rules_that_could_not_be_read() -> None:
    found = network()
    found[RulesetOf(TWO)] = Ruleset(unread=("# rules of iptables-legacy in filter could not be read\n",))
    outcome = walked(found)
    assert isinstance(outcome, CannotTell)
    assert outcome.why == "two has rules of iptables-legacy in filter could not be read"


def filtered(*rules: PacketRule, policy: str = "accept") -> object:
    found = network()
    chain = PacketChain("ip", "filter", "INPUT", "input", policy=policy, rules=rules)
    found[RulesetOf(TWO)] = Ruleset(program=(chain,))
    return walked(found)


STRANGE = Match(UNKNOWN, ("-m strange",))


def test_a_strange_condition_matters_only_where_it_decides() -> None:
    assert isinstance(filtered(PacketRule((STRANGE,), "accept", text="r")), Works)
    assert isinstance(filtered(PacketRule((STRANGE,), "drop", text="r")), CannotTell)
    assert isinstance(filtered(PacketRule((STRANGE,), "drop", text="r"), policy="drop"), Broken)
    elsewhere = Match("source", ("192.168.0.0/16",))
    assert isinstance(filtered(PacketRule((STRANGE, elsewhere), "drop", text="r")), Works)
    assert isinstance(filtered(PacketRule((), UNKNOWN, text="r")), CannotTell)


def test_a_chain_that_jumps_to_itself_ends() -> None:
    found = network()
    chain = PacketChain("ip", "filter", "INPUT", "input", rules=(PacketRule((), "jump", "INPUT"),))
    found[RulesetOf(TWO)] = Ruleset(program=(chain,))
    assert isinstance(walked(found), CannotTell)


def test_an_echo_request_is_ignored() -> None:
    found = network()
    found[SysctlOf(TWO, "net.ipv4.icmp_echo_ignore_all")] = Text("1")
    outcome = walked(found)
    assert isinstance(outcome, Broken)
    assert outcome.command == "sysctl net.ipv4.icmp_echo_ignore_all (on two)"


def test_a_packet_sent_back_to_its_sender_ends_there() -> None:
    found = network()
    for place, other in ((ONE, TWO), (TWO, ONE)):
        given_stack = stack(place)
        route = Route("8.0.0.0/8", IPv4Address(PLACES[other]), 2)
        links = tuple(replace(link, settings=LinkSettings(forwarding=True)) for link in given_stack.links)
        found[StackOf(place)] = replace(given_stack, links=links, routes=(*given_stack.routes, route))
    outcome = walked(found, Flow(ONE, IPv4Address("8.8.8.8")))
    assert isinstance(outcome, Broken)
    assert "10.0.0.1 is an address of one itself" in outcome.sentence


def test_every_choice_is_made_once() -> None:
    def run(choices: Choices) -> tuple[int, ...]:
        first = choices.pick(2, "first")
        return (first, choices.pick(3, "second")) if first else (first,)

    assert every(run) == ([(0,), (1, 0), (1, 1), (1, 2)], "first")
    assert every(lambda choices: choices.pick(1, "no choice")) == ([0], "")
    assert every(lambda choices: [choices.pick(2, str(n)) for n in range(MOST)]) is None
