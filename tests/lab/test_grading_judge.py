"""Judging by doing it again, in real labs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from own_lesson import ADDRESS_STEP, NAME_STEP, own_lesson, write_lesson

from tutor import content
from tutor.grading import judge
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import Judgement, Outcome
from tutor.model.progress import Attempt, TypedCommand

CONFIRMED, NOT_REPRODUCED, INCONCLUSIVE = Outcome.CONFIRMED, Outcome.NOT_REPRODUCED, Outcome.INCONCLUSIVE

OWN, OTHER = 11, 12


@pytest.fixture(autouse=True)
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(write_lesson(tmp_path, own_lesson())))


def attempt(typed: Mapping[str, Sequence[str]], seed: int = OWN) -> Attempt:
    values = content.load("own", seed=seed).parameters
    commands = tuple(
        TypedCommand(step, "host", line.removeprefix("= ").format(**values), 0, line.startswith("= "))
        for step, lines in typed.items()
        for line in lines
    )
    return Attempt(1, "own", seed, 0, commands=commands)


async def judged(typed: Mapping[str, Sequence[str]], *items: Item, seed: int = OWN) -> Judgement:
    checkpoint = Checkpoint("net", "mid", "Mid", "", items or (Item("own", 9),))
    return await judge.judge(checkpoint, {"own": attempt(typed, seed)}, OWN, [OTHER])


def outcomes(judgement: Judgement) -> dict[str, Outcome]:
    return {goal.goal: goal.outcome for goal in judgement.goals}


REBOOT = "kill -9 -1; reboot -f"
RIGHT = {"name": ["ip netns add {name}"], "address": ["ip -n {name} addr add {net}.1/24 dev lo", "= 1"]}


def test_the_two_seeds_draw_other_values() -> None:
    one, two = (content.load("own", seed=seed).parameters for seed in (OWN, OTHER))
    assert not set(one.values()) & set(two.values())


async def test_what_was_done_is_confirmed() -> None:
    judgement = await judged(RIGHT)
    assert set(outcomes(judgement).values()) == {CONFIRMED}
    assert judgement.points == pytest.approx(9)


async def test_a_friends_commands_do_not_fit() -> None:
    """Only the answer is right: there is one link, whatever the names."""
    judgement = await judged(RIGHT, seed=OTHER)
    assert outcomes(judgement) == {"there": NOT_REPRODUCED, "carried": NOT_REPRODUCED, "links": CONFIRMED}


async def test_steps_are_judged_one_by_one() -> None:
    judgement = await judged({"name": ["ip netns add nobody"], "address": RIGHT["address"]})
    assert outcomes(judgement) == {"there": NOT_REPRODUCED, "carried": CONFIRMED, "links": CONFIRMED}


async def test_goals_of_an_unfinished_step_count_by_themselves() -> None:
    judgement = await judged({**RIGHT, "address": [RIGHT["address"][0], "= 7"]})
    assert outcomes(judgement) == {"there": CONFIRMED, "carried": CONFIRMED, "links": NOT_REPRODUCED}
    assert judgement.points == pytest.approx(6)


async def test_an_item_may_be_one_step() -> None:
    judgement = await judged({"address": RIGHT["address"]}, Item("own", 4, ("address",)))
    assert outcomes(judgement) == {"carried": CONFIRMED, "links": CONFIRMED}
    assert judgement.points == pytest.approx(4)


KEPT = NAME_STEP.replace(
    "```bash solution",
    """```yaml goal
id: empty
text: There is no `nobody`.
kind: level
not:
  check:
    namespace-exists: host/nobody
  expected: no namespace nobody
  look: ip netns
  layer: namespace
```

```bash solution""",
)


@pytest.mark.parametrize(
    ("lines", "there", "empty"),
    [
        (["true"], NOT_REPRODUCED, NOT_REPRODUCED),
        (["vi add.sh"], INCONCLUSIVE, INCONCLUSIVE),
        (["ip netns add {name}"], CONFIRMED, CONFIRMED),
        (["ip netns add nobody"], NOT_REPRODUCED, NOT_REPRODUCED),
        (["ip netns add nobody; ip netns add {name}"], CONFIRMED, NOT_REPRODUCED),
    ],
)
async def test_what_held_before_earns_nothing_by_itself(
    lines: list[str], there: Outcome, empty: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(write_lesson(tmp_path / "kept", own_lesson(KEPT, ADDRESS_STEP))))
    judgement = await judged({"name": lines}, Item("own", 9, ("name",)))
    assert outcomes(judgement) == {"there": there, "empty": empty}


async def test_a_script_for_one_set_of_values_falls_with_others(tmp_path: Path) -> None:
    own = content.load("own", seed=OWN).parameters
    split = own["name"][:1] + "'" + own["name"][1:] + "'"  # the shell puts it together; no substitution sees it
    judgement = await judged({**RIGHT, "name": [f"ip netns add {split}"]})
    assert outcomes(judgement)["there"] is NOT_REPRODUCED
    assert "with other values" in judgement.goals[0].reason


async def test_an_address_that_is_put_together_is_tried_with_others() -> None:
    """Values that the shell puts together are right as well, where they are those of the address and nothing else."""
    number = content.load("own", seed=OWN).parameters["net"].split(".")[-1]
    before = content.load("own", seed=OWN).parameters["net"].removesuffix(number)
    line = f"for n in {number}; do ip -n {{name}} addr add {before}$n.1/24 dev lo; done"
    judgement = await judged({**RIGHT, "address": [line, "= 1"]})
    assert set(outcomes(judgement).values()) == {CONFIRMED}


async def test_an_address_that_cannot_be_replaced_is_for_a_person_to_judge() -> None:
    number = content.load("own", seed=OWN).parameters["net"].split(".")[-1]
    before = content.load("own", seed=OWN).parameters["net"].removesuffix(number)
    line = f"set {number}; n=$(({int(number) - 1}+1)); ip -n {{name}} addr add {before}$n.1/24 dev lo"
    judgement = await judged({**RIGHT, "address": [line, "= 1"]})
    assert outcomes(judgement)["carried"] is INCONCLUSIVE
    assert f"{number} may be a part of an address" in judgement.goals[1].reason


async def test_a_program_that_is_not_here_is_for_a_person_to_judge() -> None:
    judgement = await judged({**RIGHT, "name": ["nobodys-tool ip netns add {name}"]})
    assert outcomes(judgement)["there"] is INCONCLUSIVE
    assert "the program of 'nobodys-tool ip netns" in judgement.goals[0].reason


async def test_an_editor_is_never_an_automatic_fail() -> None:
    judgement = await judged({**RIGHT, "name": ["vi add.sh", "sh add.sh"]})
    assert outcomes(judgement)["there"] is INCONCLUSIVE
    assert judgement.doubtful


async def test_a_lab_that_ends_is_inconclusive() -> None:
    judgement = await judged({**RIGHT, "name": [REBOOT]})
    assert outcomes(judgement)["there"] is INCONCLUSIVE
    assert "ended the lab" in judgement.goals[0].reason


BOMB, DEAF = ":(){{ :|:& }};:", "trap '' INT TERM QUIT; while :; do :; done"


@pytest.mark.parametrize(
    ("harm", "first"),
    [(REBOOT, True), (REBOOT, False), (BOMB, True), (BOMB, False), (DEAF, True)],
    ids=["reboot", "reboot after", "bomb", "bomb after", "deaf"],
)
async def test_a_wrecked_lab_is_built_again_without_what_wrecked_it(harm: str, first: bool) -> None:
    right = RIGHT["name"]
    judgement = await judged({**RIGHT, "name": [harm, *right] if first else [*right, harm]})
    assert set(outcomes(judgement).values()) == {CONFIRMED}


async def test_a_step_that_is_complete_by_the_lines_of_another_counts() -> None:
    judgement = await judged({"name": [*RIGHT["name"], *RIGHT["address"]]})
    assert outcomes(judgement)["there"] is CONFIRMED
    assert outcomes(judgement)["carried"] is CONFIRMED


async def test_a_machine_that_there_is_not_is_for_a_person_to_judge() -> None:
    typed = attempt({"name": RIGHT["name"]})
    strange = replace(typed, commands=tuple(replace(each, machine="moon") for each in typed.commands))
    checkpoint = Checkpoint("net", "mid", "Mid", "", (Item("own", 9, ("name",)),))
    judgement = await judge.judge(checkpoint, {"own": strange}, OWN, [OTHER])
    assert outcomes(judgement) == {"there": INCONCLUSIVE}
    assert "'moon'" in judgement.goals[0].reason


async def test_nothing_typed_is_nothing_earned() -> None:
    judgement = await judged({})
    assert set(outcomes(judgement).values()) == {NOT_REPRODUCED}
    assert judgement.points == 0
