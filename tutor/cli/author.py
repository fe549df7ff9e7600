"""``nettutor author``: scaffold, lint and prove lessons."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import exits
from tutor.errors import UsageError
from tutor.i18n import _, tell

if TYPE_CHECKING:
    from tutor.model.lesson import Lesson
    from tutor.proof import Finding, LessonProof, Proof

_MAXIMUM_JOBS = 16

_EXAMPLES = tell("""\
examples:
  nettutor author new vlan            a lesson to begin with, that proves itself
  nettutor author lint                what should not be published
  nettutor author test vlan           break each of its solutions on purpose
""")
_TEST = tell("""\
Each step is tried in fresh labs: nothing is complete at the start, each solution completes it, the checks leave the
lab as it was, and twice gives the same. Then every solution is broken: each command is left out, and typed as learners
mistype it. No broken one may complete the step, and the reason must name a layer that has to do with it. What is
right all the same is declared in the lesson, with why.

examples:
  nettutor author test                all lessons
  nettutor author test nat --json | jq '.lessons[].findings'
  nettutor author test nat#masquerade that step only: quick while writing
  nettutor author test nat --jobs 2
  nettutor author test --most 60      a quick look at the whole course

Exit status: 0 proven, 1 not, 2 no such lesson or step, 3 this machine cannot.
""")
_LINT = tell("""\
examples:
  nettutor author lint
  nettutor author lint nat drafts/16-vlan/lesson.md
  nettutor author lint --publish      from now on no id of a step or goal may go
  nettutor author lint --translated nat   its translations say what the English now says

Exit status: 0 nothing to remark, 1 remarks.
""")
_NEW = tell("""\
examples:
  nettutor author new vlan
  nettutor author new vlan --number 16 --into drafts
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_test(actions)
    _add_lint(actions)
    _add_new(actions)


def _add_test(actions: Any) -> None:
    parser = actions.add_parser("test", help=_("prove lessons by breaking them"), examples=_TEST)
    parser.add_argument("lessons", metavar="LESSON[#STEP]", nargs="*", help=_("default: all"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object on standard output"))
    parser.add_argument("--jobs", type=int, metavar="N", default=4, help=_("labs at once (default: 4)"))
    parser.add_argument("--most", type=int, metavar="N", help=_("of each lesson only so many broken solutions"))
    parser.set_defaults(run=run_test)


def _add_lint(actions: Any) -> None:
    parser = actions.add_parser("lint", help=_("say what should not be published"), examples=_LINT)
    parser.add_argument("lessons", metavar="LESSON|FILE", nargs="*", help=_("default: all lessons"))
    parser.add_argument("--publish", action="store_true", help=_("keep the ids of all lessons, so that none gets lost"))
    parser.add_argument("--translated", action="store_true", help=_("stamp the translations of these lessons first"))
    parser.set_defaults(run=run_lint)


def _add_new(actions: Any) -> None:
    parser = actions.add_parser("new", help=_("begin a lesson"), examples=_NEW)
    parser.add_argument("id", metavar="ID", help=_("lower case letters, digits and hyphens"))
    parser.add_argument("--number", type=int, metavar="NN", help=_("its place in the order (default: the last)"))
    parser.add_argument("--into", metavar="DIRECTORY", help=_("where (default: the lessons)"))
    parser.set_defaults(run=run_new)


def run_test(arguments: argparse.Namespace) -> int:
    import asyncio

    from tutor import proof
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    if not 1 <= arguments.jobs <= _MAXIMUM_JOBS:
        raise UsageError(tell("--jobs is a number from 1 to {maximum}", maximum=_MAXIMUM_JOBS))
    if arguments.most is not None and arguments.most < 1:
        raise UsageError(tell("--most is a number from 1"))
    lessons, steps = _chosen(arguments.lessons)
    with Bar() as bar:
        tools.ensure(dict.fromkeys(tool for lesson in lessons for tool in lesson.tools), bar)
    with Bar(label="author test") as bar:
        name = lessons[0].id if len(lessons) == 1 else f"{len(lessons)} lessons"

        def show(over: int, trials: int) -> None:
            bar(name, over / max(trials, 1))

        proven = asyncio.run(
            proof.prove(lessons, steps=steps, jobs=arguments.jobs, most=arguments.most, on_progress=show)
        )
    if arguments.json:
        print(json.dumps(proven.to_json(), indent=1))
    else:
        _tell(proven)
    return exits.DONE if proven.proven else exits.INCOMPLETE


def _chosen(names: Sequence[str]) -> tuple[list[Lesson], dict[str, str]]:
    """The lessons, all where none is named, and the steps of those of which only one is asked for."""
    from tutor import content

    lessons: dict[str, Lesson] = {}
    steps: dict[str, str] = {}
    for name in names:
        lesson_id, hash_sign, step_id = name.partition("#")
        lesson = content.load(lesson_id)
        if lesson.id in lessons:
            raise UsageError(tell("{lesson} is named twice", lesson=lesson.id))
        lessons[lesson.id] = lesson
        if hash_sign:
            known = [step.id for step in lesson.steps]
            if step_id not in known:
                raise UsageError(
                    tell(
                        "{lesson} has no step {step}; its steps are {steps}",
                        lesson=lesson.id,
                        step=repr(step_id),
                        steps=", ".join(known),
                    )
                )
            steps[lesson.id] = step_id
    return list(lessons.values()) or list(content.catalogue()), steps


def _tell(proof: Proof) -> None:
    for lesson in proof.lessons:
        for finding in lesson.findings:
            _tell_finding(finding)
        print(f"{lesson.lesson} (steps: {lesson.steps}, solutions: {lesson.solutions}): {_figures(lesson)}")
        for declared in lesson.equivalent:
            print(f"  equivalent in {declared.step}: {declared.line}\n    {declared.reason}")
    sys.stdout.flush()
    exits.say(tell("{figures}; findings: {count}", figures=_figures(proof), count=len(proof.findings)))


def _figures(figures: LessonProof | Proof) -> str:
    equivalent = figures.equivalent if isinstance(figures.equivalent, int) else len(figures.equivalent)
    return f"{figures.killed} killed, {figures.survived} survived, {equivalent} equivalent (declared, with why)"


def _tell_finding(finding: Finding) -> None:
    print(f"{finding.where}: {finding.lesson}#{finding.step}: {finding.kind.value}")
    for line in finding.text.splitlines():
        print(f"    {line}")
    if finding.script:
        print(f"  reproduce it with `nettutor check {finding.lesson} --script -`:")
        for line in finding.script.splitlines():
            print(f"    {line}")


def run_lint(arguments: argparse.Namespace) -> int:
    from tutor import content

    if arguments.translated:
        _stamp(arguments.lessons)
    remarks = [remark for path in _files(arguments.lessons) for remark in content.lint(path)]
    for remark in remarks:
        print(remark)
    exits.say(tell("remarks: {count}", count=len(remarks)) if remarks else tell("nothing to remark"))
    if remarks:
        return exits.INCOMPLETE
    if arguments.publish:
        from tutor.content.published import publish

        print(publish())
    return exits.DONE


def _stamp(names: Sequence[str]) -> None:
    from tutor.content import translating

    if not names:
        raise UsageError(tell("--translated needs the lessons whose translations were gone through"))
    for path in _files(names):
        for stamped in translating.stamp(path):
            exits.say(tell("stamped {stamped}", stamped=stamped))


def _files(names: Sequence[str]) -> list[Path]:
    """Lesson files by id or by path; all lessons where nothing is named."""
    from tutor import content, paths

    if not names:
        return [header.path for header in content.headers()]
    files = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            path /= "lesson.md"
        known = [entry for entry in paths.lessons().glob("[0-9]*") if entry.name.partition("-")[2] == name]
        if path.suffix != ".md" and not known:
            content.load(name)  # says which lesson is the nearest
        files.append(known[0] / "lesson.md" if known else path)
    return files


def run_new(arguments: argparse.Namespace) -> int:
    from tutor.content.scaffold import scaffold

    into = Path(arguments.into) if arguments.into else None
    path = scaffold(arguments.id, number=arguments.number, into=into)
    print(path)
    where = f"NETTUTOR_LESSONS={shlex.quote(arguments.into)} " if arguments.into else ""
    exits.say(tell("prove it with `{where}nettutor author test {lesson}`", where=where, lesson=arguments.id))
    return exits.DONE
