"""A lesson and states made by hand, so that the screen can be looked at without a lab."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface

from tutor.model.facts import Facts
from tutor.model.lesson import Command, Goal, GoalKind, Lesson, Solution, Source, Step
from tutor.model.state import GoalState, SessionState
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Want
from tutor.tui.app import NettutorApp

SOURCE = Source("lesson.md", 1)


@dataclass(frozen=True)
class Said:
    """A check that needs nothing and says what it was told."""

    verdict: Verdict = Unmet("it", "nothing", Layer.LINK, "ip link")  # noqa: RUF009

    def wants(self) -> frozenset[Want]:
        return frozenset()

    def judge(self, facts: Facts) -> Verdict:
        return self.verdict


def goal(name: str, text: str, *, kind: GoalKind = GoalKind.EDGE, question: bool = False) -> Goal:
    return Goal(name, kind, text, Said(), SOURCE, question=question)


INTRODUCTION = """\
Your computer has *one* network stack: its links, its addresses, its routing table. A **network namespace** is another,
empty one. Containers are made of them, and so is this lesson.
"""
BODY = """\
A namespace that has no link can talk to nobody. A *veth pair* is a virtual cable: what goes in at one end comes out at
the other. Make one, and put each end into a namespace:

```bash
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns red
# the other end is yours
```

Then give both ends an address and bring them up. You need:

1. `192.168.15.1/24` on `veth-red`
2. `192.168.15.2/24` on `veth-blue`

> An address without a mask is a `/32`: then there is no route to the neighbour.

Look at what you made with `ip -n red address`, and see `<no-carrier>` vanish.
"""
CABLE = Step(
    "cable",
    "A cable between red and blue",
    BODY,
    (
        goal("pair", "`veth-red` in `red` and `veth-blue` in `blue` are the two ends of one pair"),
        goal("red", "`veth-red` has 192.168.15.1/24 and is up", kind=GoalKind.LEVEL),
        goal("blue", "`veth-blue` has 192.168.15.2/24 and is up", kind=GoalKind.LEVEL),
        goal("ping", "`red` reaches `blue` and back", kind=GoalKind.LEVEL),
    ),
    (
        "`ip -n red address add …` works in a namespace.",
        "A link is *down* when it is new:\n\n```bash\nip -n red link\n```",
    ),
    (
        Solution(
            "ip",
            (
                Command("host", "ip link add veth-red type veth peer name veth-blue"),
                Command("host", "ip link set veth-red netns red"),
                Command("lan", "ping -c1 192.168.15.1"),
            ),
            SOURCE,
        ),
        Solution("ifconfig", (Command("host", "ifconfig veth-red 192.168.15.1/24 up"),), SOURCE),
    ),
    SOURCE,
)
QUESTION = Step(
    "count",
    "How many links?",
    "Count what `ip -n red link` shows.",
    (goal("links", "How many links does `red` have?", question=True),),
    ("Do not forget `lo`.",),
    (Solution("", (Command("host", "2", answer=True),), SOURCE),),
    SOURCE,
)


def plain(number: int) -> Step:
    return Step(
        f"s{number}",
        f"Step of number {number}",
        f"Do `thing {number}`.",
        (goal(f"g{number}", f"Thing {number} is done"),),
        ("A hint.",),
        (Solution("ip", (Command("host", f"thing {number}"),), SOURCE),),
        SOURCE,
    )


def topology(*names: str) -> Topology:
    port = SwitchPort("lan")
    return Topology(
        tuple(
            MachineSpec(name, (InterfaceSpec("eth0", port, (IPv4Interface(f"192.168.1.{n}/24"),)),))
            for n, name in enumerate(names, start=2)
        )
    )


LESSON = Lesson(
    "namespaces",
    1,
    "Network namespaces",
    "Two network stacks on one computer, and a cable between them.",
    topology("host", "lan"),
    (plain(1), plain(2), CABLE, QUESTION, plain(5), plain(6), plain(7), plain(8)),
    SOURCE,
    introduction=INTRODUCTION,
    recap="You can make a network of namespaces now.",
)

MET = Met("both ends are there")
NO_ADDRESS = Unmet(
    "192.168.15.2/24 on veth-blue in blue",
    "no IPv4 address on it",
    Layer.ADDRESS,
    "`ip -n blue address show veth-blue`",
)
NO_REPLY = Unmet("an echo reply from 192.168.15.2", "Network is unreachable", Layer.ROUTE, "`ip -n red route`")


def at_cable() -> SessionState:
    """In the middle of a step: one goal of each look."""
    pair, red, blue, ping = CABLE.goals
    return SessionState(
        LESSON,
        2,
        (
            GoalState(pair, MET, seen_unmet=True, latched=True),
            GoalState(red, MET),
            GoalState(blue, NO_ADDRESS, seen_unmet=True),
            GoalState(ping, NO_REPLY, seen_unmet=True),
        ),
        frozenset({"s1", "s2"}),
        0,
    )


def at_question() -> SessionState:
    asked = Unmet("an answer", "no answer yet", Layer.ANSWER, "type your answer below the question")
    return SessionState(LESSON, 3, (GoalState(QUESTION.goals[0], asked),), frozenset({"s1", "s2", "cable"}), 0)


def unknown(state: SessionState) -> SessionState:
    goals = tuple(GoalState(each.goal, Unknown("the lab did not answer in time")) for each in state.goals)
    return SessionState(state.lesson, state.step_index, goals, state.completed, state.hint_level)


class ValueApp(NettutorApp):
    """The program without a lab: it shows the values that a test gives it."""

    def __init__(self, state: SessionState) -> None:
        super().__init__(state.lesson, None, step=state.step.id)
        self.main.state = state

    async def _begin(self, lesson: Lesson, step: str | None) -> None:
        """No lab."""


def rows(app: NettutorApp) -> list[str]:
    """What is on the screen, as text."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def seen(app: NettutorApp) -> str:
    return "\n".join(rows(app))
