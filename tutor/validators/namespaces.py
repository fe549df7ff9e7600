"""Named network namespaces: there, or gone."""

from __future__ import annotations

from dataclasses import dataclass

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
            return Met(f"namespace {self.name.netns} exists")
        expected = f"a namespace named {self.name.netns}"
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
            return Met(f"there is no namespace {self.name.netns}")
        expected = f"no namespace named {self.name.netns}"
        return Unmet(expected, f"{self.name.netns} still exists", Layer.NAMESPACE, _look(self.name))


def _unknown(found: Unreadable) -> Unknown:
    return Unknown(f"the namespaces could not be listed: {found.detail}")


def _look(name: Place) -> str:
    return say.on(name.machine, "ip netns")


def _listing(name: Place, found: Namespaces) -> str:
    if not found.names:
        return f"{name.machine} has no namespaces yet"
    noun = "namespace" if len(found.names) == 1 else "namespaces"
    return f"{name.machine} has the {noun} {say.joined(found.names)}"
