"""A small class with every outcome, some of it as hostile as a name or a reason can be."""

from __future__ import annotations

from tutor.grading.exports.names import file_names
from tutor.grading.report import Pupil, Work
from tutor.grading.roster import Learner
from tutor.grading.timing import Typed
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import Comment, Flag, FlagKind, GoalResult, Grade, GradedGoal, Late, Mark, Outcome, Refused

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
ESCAPES = "\x1b]52;c;aGk=\x07\x9b21t\u202egpj.exe"

CHECKPOINT = Checkpoint(
    "net",
    "mid",
    "Mid-term exam",
    "ssh-ed25519 AAAA",
    (Item("namespaces", 6, ("create", "join")), Item("nat", 4)),
    minutes=60,
)
FINAL = Checkpoint("net", "final", "기말고사", "ssh-ed25519 AAAA", (Item("dns", 20),))

LEARNERS = (
    Learner("2024001", "Kim, Ji-woo"),
    Learner("2024002", '이 "민준" 서'),
    Learner("+8210", '=HYPERLINK("http://x")'),
    Learner("b-4", EVIL),
    Learner("b-5", "Łukasz Żółć"),
    Learner("b-6", "Nobody Came"),
)


def goal(
    item: str, step: str, name: str, outcome: Outcome, worth: float, reason: str = "", mark: Mark | None = None
) -> GradedGoal:
    return GradedGoal(GoalResult(item, step, name, outcome, worth, reason), mark)


_PLACES = (
    ("namespaces#create+join", "create", "red", 3.0),
    ("namespaces#create+join", "join", "ping", 3.0),
    ("nat", "masquerade", "out", 2.0),
    ("nat", "masquerade", "back", 2.0),
)


def goals(
    *outcomes: Outcome, reason: str = "expected a namespace red; seen: none", mark: Mark | None = None
) -> tuple[GradedGoal, ...]:
    """Of ``CHECKPOINT``: two steps of namespaces with a goal each, one of nat with two. ``mark`` is on the last."""
    found = [
        goal(item, step, name, outcome, worth, "" if outcome is Outcome.CONFIRMED else reason)
        for (item, step, name, worth), outcome in zip(_PLACES, outcomes, strict=True)
    ]
    if mark:
        found[-1] = GradedGoal(found[-1].result, mark)
    return tuple(found)


IN_TIME = Late()
YES, NO, PERHAPS = Outcome.CONFIRMED, Outcome.NOT_REPRODUCED, Outcome.INCONCLUSIVE


def grade(
    learner: str, found: tuple[GradedGoal, ...], *flags: Flag, late: Late = IN_TIME, judged: bool = True
) -> Grade:
    digest = (learner.encode().hex() * 64)[:64]
    return Grade(
        digest,
        "mid",
        learner,
        f"{learner}.submission",
        "2026-12-01T11:00:00Z",
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:48:20Z",
        judged,
        found,
        flags,
        late,
    )


GRADES = (
    grade("2024001", goals(YES, YES, YES, YES)),
    grade(
        "2024002",
        goals(YES, NO, NO, PERHAPS, mark=Mark(1.5, "보인다: 거의 맞음\n=1+1", "prof", "2026-12-02T10:00:00Z")),
        Flag(FlagKind.LATE, "34 minutes after the time"),
        late=Late(34, 0.9),
    ),
    grade("+8210", goals(YES, YES, YES, PERHAPS, reason=f"vi was used; seen: {EVIL} {ESCAPES}")),
    grade(
        "b-4",
        goals(NO, NO, NO, NO, reason=f"seen: {ESCAPES}"),
        Flag(FlagKind.ALIKE, "97 % of the commands are those of another", ("2024001",)),
        Flag(FlagKind.PASTED, "41 lines in 3 seconds"),
    ),
    grade("b-5", (), judged=False),
)
REFUSED = (
    Refused(
        "0" * 64,
        f"{EVIL}{ESCAPES}.submission",
        "its signature does not hold: it was changed after it was signed",
        "2026-12-01T11:00:00Z",
    ),
)


def logged(learner: str) -> Work:
    """An hour's work with a hostile line in it."""
    lines = (
        Typed(5, "namespaces", "create", "host", "ip netns add red", 0, False, 65.0),
        Typed(6, "namespaces", "create", "host", f"echo '{EVIL}' '{ESCAPES}'", 0, False, 130.5),
        Typed(7, "namespaces", "join", "host", "ip netns exec red ping -c1 192.0.2.1\n# twice", 2, False, 900.0),
        Typed(8, "namespaces", "join", "how-many", "7", None, True, 1000.0),
    )
    nat = (
        Typed(12, "nat", "masquerade", "router", "iptables -t nat -A POSTROUTING -j MASQUERADE", None, False, 2700.0),
    )
    factor = 0.5 + len(learner) / 10
    steps = {("namespaces#create+join", "create"): 400.0, ("namespaces#create+join", "join"): 1200.0}
    steps[("nat", "masquerade")] = 1300.0
    return Work(
        2900.0, {place: spent * factor for place, spent in steps.items()}, {"namespaces#create+join": lines, "nat": nat}
    )


def pupils() -> tuple[Pupil, ...]:
    grades = {grade.learner: grade for grade in GRADES}
    names = file_names(grades, ".html")
    return tuple(
        Pupil(
            learner,
            found,
            logged(learner.id) if found else Work(),
            (Comment(f"Come and see me {EVIL}", "prof", "2026-12-02T10:00:00Z"),) if learner.id == "b-4" else (),
            names.get(learner.id, ""),
        )
        for learner in LEARNERS
        for found in [grades.get(learner.id)]
    )
