"""The list of validators in ``lessons/README.md``, made from the code: ``python -m tutor.content.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tutor import paths
from tutor.content.values import described
from tutor.validators import registry

BEGIN = "<!-- validators: begin, made by `python -m tutor.content.reference` -->"
END = "<!-- validators: end -->"


def reference() -> str:
    """All validators with their parameters, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for title, questions in (("Goals", False), ("Questions", True)):
        yield f"### {title}"
        for name in registry.names():
            spec = registry.spec(name)
            if spec.question is questions:
                yield from _validator(spec)
        yield ""


def _validator(spec: registry.Spec) -> Iterator[str]:
    yield ""
    yield f"**`{spec.name}`**: {spec.summary}"
    yield ""
    for parameter in spec.parameters:
        default = "" if parameter.required else f", {_default(parameter)}"
        yield f"- `{parameter.name}` ({described(parameter.type)}{default}): {parameter.help}"


def _default(parameter: registry.Parameter) -> str:
    if parameter.default is None or parameter.default == ():
        return "optional"
    value = parameter.default
    return f"default `{str(value).lower() if isinstance(value, bool) else value}`"


def inserted(text: str) -> str:
    """``text`` with what stands between the two markers replaced; ``ValueError`` where they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the markers of the list of validators are missing")
    return f"{before}{BEGIN}\n\n{reference()}{END}{after}"


def main() -> int:
    readme: Path = paths.lessons() / "README.md"
    readme.write_text(inserted(readme.read_text("utf-8")), "utf-8")
    print(f"wrote {readme}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
