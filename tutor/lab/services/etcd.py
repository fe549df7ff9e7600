"""The store of a Kubernetes cluster, with one door for clients and one for its own kind: etcd. It has no options."""

from __future__ import annotations

from ipaddress import ip_address

from tutor.lab.services.process import Daemon
from tutor.model.topology import MachineSpec, ServiceSpec

_CLIENTS, _PEERS = 2379, 2380


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """Listens where it does by itself: on 127.0.0.1 alone."""
    argv = ("etcd", "--name", machine.name, "--data-dir", "/var/lib/etcd", "--logger", "zap", "--log-level", "error")
    return Daemon(argv, _CLIENTS, "tcp", {}, ip_address("127.0.0.1"))
