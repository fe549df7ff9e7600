"""A lesson in which everybody has a name and a network of their own: small labs, and goals of three kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

NAMES = ("red", "green", "white", "black")
NETS = ("192.168.15", "10.20.30", "172.16.9", "10.77.1")

NAME_STEP = """\
## A namespace {#name}

```yaml goal
id: there
text: There is `{{name}}`.
namespace-exists: host/{{name}}
```

```bash solution ip
ip netns add {{name}}
```
"""
ADDRESS_STEP = """\
## An address {#address}

```yaml goal
id: carried
text: It has the address {{net}}.1.
address: {address: "{{net}}.1/24", in: host/{{name}}}
```

```yaml goal
id: links
text: How many links has `{{name}}`?
answer-link-count: host/{{name}}
```

```bash solution ip
ip -n {{name}} addr add {{net}}.1/24 dev lo
= 1
```
"""


def own_lesson(
    *steps: str,
    id: str = "own",
    names: Sequence[str] = NAMES,
    nets: Sequence[str] = NETS,
    opening: str = "Everybody's own.",
) -> str:
    """The text of ``lesson.md``; without ``steps`` it has the two above. Without ``nets`` there is only the name."""
    drawn = [f"  name: [{', '.join(names)}]"] + ([f"  net: [{', '.join(nets)}]"] if nets else [])
    front = [
        "---",
        f"id: {id}",
        f"title: The lesson {id}",
        "summary: Namespaces and an address, other ones for everybody.",
        "requires: [netns]",
        "tools: [iproute2]",
        "parameters:",
        *drawn,
        "machines:",
        "  host:",
        "    interfaces: {}",
        "---",
    ]
    return (
        "\n\n".join(["\n".join(front), opening, *(step.strip() for step in steps or (NAME_STEP, ADDRESS_STEP))]) + "\n"
    )


def write_lesson(lessons: Path, text: str, id: str = "own") -> Path:
    """Put a lesson into a directory for ``NETTUTOR_LESSONS``, which is given back."""
    folder = lessons / f"16-{id}"
    folder.mkdir(parents=True)
    (folder / "lesson.md").write_text(text)
    return lessons
