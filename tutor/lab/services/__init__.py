"""Daemons that a lesson finds running, the real ones, one module for each. They know their configuration files only."""

from __future__ import annotations

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.lab.services import dnsmasq, docker, etcd, nginx, nsd, unbound
from tutor.lab.services.process import Daemon, listens, tables
from tutor.model.topology import MachineSpec, ServiceSpec

__all__ = ["Daemon", "daemon", "listens", "tables"]

_MAKERS = {
    "http": nginx.daemon,
    "dns": dnsmasq.daemon,
    "authority": nsd.daemon,
    "resolver": unbound.daemon,
    "docker": docker.daemon,
    "etcd": etcd.daemon,
}


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """The daemon that ``spec`` asks for; ``LabError`` for a kind that does not exist or a port that is none."""
    if spec.kind not in _MAKERS:
        raise LabError(
            tell("{machine} asks for a service {kind}", machine=machine.name, kind=repr(spec.kind)),
            tell("There are: {words}", words=", ".join(_MAKERS)),
        )
    return _MAKERS[spec.kind](machine, spec)
