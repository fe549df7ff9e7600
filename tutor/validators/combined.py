"""Validators made of validators."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.facts import Facts
from tutor.model.lesson import Check
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Want
from tutor.validators.registry import param, validator


@validator("all")
@dataclass(frozen=True)
class AllOf:
    """Every one holds; the first that does not gives the reason."""

    checks: tuple[Check, ...] = param("the validators")

    def wants(self) -> frozenset[Want]:
        return frozenset().union(*(check.wants() for check in self.checks))

    def judge(self, facts: Facts) -> Verdict:
        verdicts = [check.judge(facts) for check in self.checks]
        for kind in (Unmet, Unknown):
            for verdict in verdicts:
                if isinstance(verdict, kind):
                    return verdict
        return verdicts[-1]


@validator("any")
@dataclass(frozen=True)
class AnyOf:
    """At least one holds; else the first gives the reason."""

    checks: tuple[Check, ...] = param("the validators")

    def wants(self) -> frozenset[Want]:
        return frozenset().union(*(check.wants() for check in self.checks))

    def judge(self, facts: Facts) -> Verdict:
        verdicts = [check.judge(facts) for check in self.checks]
        for kind in (Met, Unknown):
            for verdict in verdicts:
                if isinstance(verdict, kind):
                    return verdict
        return verdicts[0]


@validator("not")
@dataclass(frozen=True)
class Not:
    """It was found not to hold. What could not be found out does not count."""

    check: Check = param("the validator")
    expected: str = param("what should be, in words", words=True)
    look: str = param("a command to look with")
    layer: Layer = param("the layer named when it does hold", default=Layer.LINK)

    def wants(self) -> frozenset[Want]:
        return self.check.wants()

    def judge(self, facts: Facts) -> Verdict:
        match self.check.judge(facts):
            case Met(observed):
                return Unmet(self.expected, observed, self.layer, self.look)
            case Unmet(_, observed):
                return Met(observed)
            case Unknown() as unknown:
                return unknown
