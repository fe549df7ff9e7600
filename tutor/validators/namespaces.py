"""Named network namespaces: there, or gone."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Namespaces, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import NamespacesOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("namespace-exists")
@dataclass(frozen=True)
class NamespaceExists:
    """A named network namespace exists."""

    name: Place = param("the namespace, as machine/name")

    def wants(self) -> frozenset[Want]:
        return frozenset({NamespacesOf(self.name.machine)})

    def judge(self, facts: Facts) -> Verdict:
        found = facts.of(NamespacesOf(self.name.machine))
        if isinstance(found, Unreadable):
            return _unknown(found)
        if self.name.netns in found.names:
            return Met(tell("namespace {netns} exists", netns=self.name.netns))
        expected = tell("a namespace named {netns}", netns=self.name.netns)
        return Unmet(expected, _listing(self.name, found), Layer.NAMESPACE, _look(self.name))


@validator("namespace-gone")
@dataclass(frozen=True)
class NamespaceGone:
    """No network namespace of this name exists (give the goal `baseline: true`)."""

    name: Place = param("the namespace, as machine/name")

    def wants(self) -> frozenset[Want]:
        return frozenset({NamespacesOf(self.name.machine)})

    def judge(self, facts: Facts) -> Verdict:
        found = facts.of(NamespacesOf(self.name.machine))
        if isinstance(found, Unreadable):
            return _unknown(found)
        if self.name.netns not in found.names:
            return Met(tell("there is no namespace {netns}", netns=self.name.netns))
        expected = tell("no namespace named {netns}", netns=self.name.netns)
        return Unmet(expected, tell("{netns} still exists", netns=self.name.netns), Layer.NAMESPACE, _look(self.name))


def _unknown(found: Unreadable) -> Unknown:
    return Unknown(tell("the namespaces could not be listed: {detail}", detail=found.detail))


def _look(name: Place) -> str:
    return say.on(name.machine, "ip netns")


def _listing(name: Place, found: Namespaces) -> str:
    if not found.names:
        return tell("{machine} has no namespaces yet", machine=name.machine)
    if len(found.names) == 1:
        return tell("{machine} has the namespace {name}", machine=name.machine, name=found.names[0])
    return tell("{machine} has the namespaces {names}", machine=name.machine, names=say.joined(found.names))
