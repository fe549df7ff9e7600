"""A lesson to begin with: it loads, lints clean, and proves itself, so that every later failure is the author's own."""

from __future__ import annotations

import re
from pathlib import Path

from tutor import paths
from tutor.content.translating import stamp
from tutor.content.translation import file_for
from tutor.errors import UsageError
from tutor.i18n import tell

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HIGHEST = 99

_LESSON = """\
---
id: {id}
title: {title}
summary: One sentence for the list of lessons.
requires: [netns]
tools: [iproute2, ping]
machines:
  host:
    interfaces:
      eth0: {{switch: lan, addresses: 192.168.1.2/24}}
  lan:
    shell: false
    interfaces:
      eth0: {{switch: lan, addresses: 192.168.1.3/24}}
---

What this is about, and why one would want it.

## Make a namespace {{#create}}

What the learner should know, and what is to be done: make a namespace
called `red`, and count its links.

```bash
ip netns add NAME
ip -n NAME link
```

```yaml goal
id: red
text: There is a namespace called `red`.
namespace-exists: host/red
```

```yaml goal
id: links
text: How many links are there in `red`?
answer-link-count: host/red
```

```hint
A nudge: the command begins with `ip netns`.
```

```hint
Nearly the answer: `ip netns add …`, and then look into it.
```

```bash solution ip netns
ip netns add red
ip -n red link
= 1
```

## Recap

What is worth remembering.
"""

_KOREAN = """\
---
title: {title}
summary: 강의 목록에 나오는 한 문장입니다.
---

무엇을 다루며 왜 필요한지 적습니다.

## 네임스페이스 만들기 {{#create}}

알아야 할 것과 할 일을 적습니다. `red`라는 네임스페이스를 만들고
그 안의 링크 수를 세어 보십시오.

```bash
ip netns add NAME
ip -n NAME link
```

```yaml goals
red: "`red`라는 네임스페이스가 있습니다."
links: "`red`에는 링크가 몇 개 있습니까?"
```

```hint
살짝 귀띔합니다. 명령은 `ip netns`로 시작합니다.
```

```hint
거의 답입니다. `ip netns add …` 다음에 그 안을 들여다봅니다.
```

## 정리 {{#recap}}

기억할 만한 것을 적습니다.
"""


def scaffold(lesson_id: str, *, number: int | None = None, into: Path | None = None) -> Path:
    """Write ``NN-id/lesson.md`` and its translation below ``into`` (default: the lessons) and give its path; nothing is
    overwritten."""
    if not _ID.fullmatch(lesson_id) or len(lesson_id) > 40:
        raise UsageError(
            tell("{lesson} is not an id: lower case letters, digits and hyphens", lesson=repr(lesson_id[:60]))
        )
    root = paths.lessons() if into is None else into
    taken = {int(entry.name[:2]): entry for entry in root.glob("[0-9][0-9]-*")}
    for entry in taken.values():
        if entry.name[3:] == lesson_id:
            raise UsageError(tell("there is a lesson {lesson} already: {where}", lesson=repr(lesson_id), where=entry))
    chosen = max(taken, default=0) + 1 if number is None else number
    if not 1 <= chosen <= _HIGHEST:
        raise UsageError(
            tell("the number of a lesson is from 1 to {highest}, not {chosen}", highest=_HIGHEST, chosen=chosen)
        )
    if chosen in taken:
        raise UsageError(tell("the number {chosen:02} is that of {other}", chosen=chosen, other=taken[chosen].name))
    path = root / f"{chosen:02}-{lesson_id}" / "lesson.md"
    try:
        path.parent.mkdir(parents=True)
        title = lesson_id.replace("-", " ").capitalize()
        path.write_text(_LESSON.format(id=lesson_id, title=title), "utf-8")
        file_for(path, "ko").write_text(_KOREAN.format(title=title), "utf-8")
    except OSError as error:
        raise UsageError(tell("{path} cannot be written: {error}", path=path, error=error.strerror)) from error
    stamp(path)
    return path
