"""A checkpoint on a lesson of its own, and a learner who takes it, for the tests of the exam's screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from own_lesson import ADDRESS_STEP, NAME_STEP, own_lesson, write_lesson

from tutor.grading import keys
from tutor.grading.course import Course, read_handout
from tutor.grading.paper import Paper
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item
from tutor.tui.exam.sitting import Sitting


def _named(id: str, heading: str, name: str) -> str:
    return f"""\
## {heading} {{#{id}}}

```yaml goal
id: there-{"too" if id == "other" else id}
text: There is `{name}`.
namespace-exists: host/{name}
```

```bash solution ip
ip netns add {name}
```
"""


HINTED = NAME_STEP.replace("```bash solution", "```hint\nA first hint.\n```\n\n```bash solution")
LESSON = own_lesson(
    HINTED, ADDRESS_STEP, _named("other", "Another one", "other"), _named("last", "The last one", "last")
)
KEY = keys.generate()


def lessons_in(path: Path) -> Path:
    """A directory for ``NETTUTOR_LESSONS``."""
    return write_lesson(path / "lessons", LESSON)


def course_in(path: Path, items: tuple[Item, ...], **changes: object) -> Course:
    (path / "roster.csv").write_text(f"id,name,key\nann,Ann,{keys.public_text(KEY)}\n")
    course = Course.create(path / "net", id="net", title="Networks", learners=path / "roster.csv")
    given = {"minutes": 60, **changes}
    course.add(Checkpoint("net", "mid", "Mid-term", course.public_key, items, **given))  # type: ignore[arg-type]
    return course


def played(cast: str) -> str:
    """All that a recording shows."""
    events = [json.loads(line) for line in cast.splitlines()]
    return "".join(event[2] for event in events[1:] if event[1] == "o")


@contextmanager
def sitting_at(course: Course) -> Iterator[Sitting]:
    """Begun, or gone on with."""
    checkpoint = read_handout(course.handouts / "mid.checkpoint")
    path = course.path.parent
    with Taking.open(checkpoint, "ann", root=path / "data") as taking:
        paper = Paper(checkpoint, taking.entrant.seed, "en")
        yield Sitting(taking, paper, lambda: KEY, path)
