"""Files of a machine and what is written in them."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Gone, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import FileOf, Want
from tutor.validators import formats, say
from tutor.validators.contents import is_cut, text_of
from tutor.validators.registry import param, validator


@validator("file-contains")
@dataclass(frozen=True)
class FileContains:
    """A text file has a line with these words in it; where asked, with nothing else. Blanks count as one."""

    path: str = param("the file, from / on", name="file")
    text: str = param("what must stand in a line")
    place: Place = param("the machine", name="in")
    whole: bool = param("the line must hold nothing else", name="whole-line", default=False)
    layer: Layer = param("the layer named when it does not hold", default=Layer.SERVICE)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, self.path)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        expected = tell("{file} on {machine} has the line `{text}`", file=self.path, machine=machine, text=self.text)
        text = text_of(facts, self.place, self.path, expected, self.layer)
        if not isinstance(text, str):
            return text
        wanted = " ".join(self.text.split())
        for number, line in enumerate(text.split("\n"), 1):
            words = " ".join(line.split())
            if words == wanted or (wanted in words and not self.whole):
                return Met(tell("line {number} has it", number=number))
        if is_cut(text):
            return Unknown(tell("{file} is too large to be read to its end", file=self.path))
        return Unmet(expected, tell("no line has it"), self.layer, say.on(machine, f"cat {self.path}"))


@validator("file-value")
@dataclass(frozen=True)
class FileValue:
    """A file of settings has a value under a key."""

    path: str = param("the file, from / on", name="file")
    key: str = param("the key: `a.b.0` or `/a/b/0` in JSON, YAML and TOML, `section.key` in INI, the whole of it else")
    value: str = param("the value as text; true, false and null as JSON writes them, and in quotes where they are text")
    place: Place = param("the machine", name="in")
    format: formats.Format = param("how the file is written; left out, its name tells", default=formats.Format.BY_NAME)
    layer: Layer = param("the layer named when it does not hold", default=Layer.SERVICE)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, self.path)})

    def judge(self, facts: Facts) -> Verdict:
        machine, look = self.place.machine, say.on(self.place.machine, f"cat {self.path}")
        expected = tell("{key} is {value} in {file} on {machine}", key=self.key, value=self.value, file=self.path,
                        machine=machine)  # fmt: skip
        text = text_of(facts, self.place, self.path, expected, self.layer)
        if not isinstance(text, str):
            return text
        if is_cut(text):
            return Unknown(tell("{file} is too large to be read to its end", file=self.path))
        try:
            found = formats.value(text, self.key, formats.of(self.path, self.format))
        except formats.Malformed as error:
            return Unmet(expected, tell("it is not well formed: {error}", error=str(error)), self.layer, look)
        if found is None:
            return Unmet(expected, tell("it has no {key}", key=self.key), self.layer, look)
        if found != self.value:
            return Unmet(expected, tell("{key} is {value}", key=self.key, value=found[:60]), self.layer, look)
        return Met(tell("{key} is {value}", key=self.key, value=found))


@validator("file-gone")
@dataclass(frozen=True)
class FileGone:
    """There is no such file (give the goal `baseline: true`)."""

    path: str = param("the file, from / on", name="file")
    place: Place = param("the machine", name="in")
    layer: Layer = param("the layer named when it is there", default=Layer.SERVICE)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, self.path)})

    def judge(self, facts: Facts) -> Verdict:
        machine = self.place.machine
        found = facts.of(FileOf(machine, self.path))
        if isinstance(found, Unreadable):
            if found.reason is Gone.NO_FILE:
                return Met(tell("there is no file {file}", file=self.path))
            return Unknown(tell("{file} could not be read: {detail}", file=self.path, detail=found.detail))
        expected = tell("there is no file {file} on {machine}", file=self.path, machine=machine)
        return Unmet(expected, tell("it is there"), self.layer, say.on(machine, f"ls -l {self.path}"))
