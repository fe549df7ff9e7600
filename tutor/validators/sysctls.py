"""Kernel settings."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import SysctlOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("sysctl")
@dataclass(frozen=True)
class Sysctl:
    """A kernel setting has this value."""

    key: str = param("the setting, with dots, such as net.ipv4.ip_forward")
    value: str = param("its value")
    place: Place = param("where", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({SysctlOf(self.place, self.key)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{key} is {value} {within}", key=self.key, value=self.value, within=say.within(self.place))
        found = facts.of(SysctlOf(self.place, self.key))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        value = " ".join(found.text.split())
        if value == self.value:
            return Met(tell("{key} is {value}", key=self.key, value=value))
        layer = Layer.FORWARDING if "forward" in self.key else Layer.LINK
        return Unmet(
            expected,
            tell("{key} is {value}", key=self.key, value=value),
            layer,
            say.command(self.place, f"sysctl {self.key}"),
        )
