"""A small name server for a few names of its own: dnsmasq. Options: ``port``, and name -> address."""

from __future__ import annotations

from tutor.lab.services.process import Daemon, port_of
from tutor.model.topology import MachineSpec, ServiceSpec


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """Answers for its names, and says of every other that it does not exist."""
    name = spec.netns or machine.name
    port = port_of(machine, spec, 53)
    records = "".join(f"host-record={host},{address}\n" for host, address in spec.options.items() if host != "port")
    configuration = f"""\
port={port}
user=root
group=root
pid-file=/run/dnsmasq-{name}.pid
no-resolv
no-hosts
local=/#/
{records}"""
    path = f"/etc/dnsmasq.d/{name}.conf"
    return Daemon(("dnsmasq", "--keep-in-foreground", f"--conf-file={path}"), port, "udp", {path: configuration})
