"""Validators made of validators."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model import words
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


@validator("count")
@dataclass(frozen=True)
class Count:
    """So many of them hold. While some could not be found out, only what is certain all the same is said."""

    checks: tuple[Check, ...] = param("the validators")
    at_least: int | None = param("how many must hold", name="at-least", default=None)
    at_most: int | None = param("how many may hold", name="at-most", default=None)
    exactly: int | None = param("how many must hold, no more and no fewer", default=None)
    look: str = param("a command to look with where too many hold", default="nettutor check")
    layer: Layer = param("the layer named where too many hold", default=Layer.LINK)

    def wants(self) -> frozenset[Want]:
        return frozenset().union(*(check.wants() for check in self.checks))

    @property
    def _low(self) -> int:
        bounds = (self.exactly, self.at_least, 1 if self.at_most is None else 0)
        return min(len(self.checks), next(bound for bound in bounds if bound is not None))

    @property
    def _high(self) -> int:
        return next(bound for bound in (self.exactly, self.at_most, len(self.checks)) if bound is not None)

    def judge(self, facts: Facts) -> Verdict:
        verdicts = [check.judge(facts) for check in self.checks]
        met = [verdict for verdict in verdicts if isinstance(verdict, Met)]
        unmet = [verdict for verdict in verdicts if isinstance(verdict, Unmet)]
        unknown = [verdict for verdict in verdicts if isinstance(verdict, Unknown)]
        if len(met) >= self._low and len(met) + len(unknown) <= self._high:
            return Met(tell("{number} of {all} hold", number=len(met), all=len(verdicts)))
        if len(met) + len(unknown) < self._low:
            return unmet[0]
        if len(met) <= self._high and unknown:
            return unknown[0]
        expected = tell("at most {number} of {all} hold", number=self._high, all=len(verdicts))
        observed = tell("{number} hold: {observed}", number=len(met), observed=met[-1].observed)
        return Unmet(expected, observed, self.layer, words.told(self.look))


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
                return Unmet(self.expected, observed, self.layer, words.told(self.look))
            case Unmet(_, observed):
                return Met(observed)
            case Unknown() as unknown:
                return unknown
