"""A name server that finds answers for others and keeps them: unbound (unbound.conf(5)).

Options: ``address``, ``port``; ``root``, the address of the root server from which it asks its way down, or
``forward``, that of the name server to which it passes every question on; ``name NAME``, an address of its own for
that name. It asks everybody for the whole name, so that one can follow the question on its way; validates nothing, as
the lab's root is not signed; tells everybody what is in its cache, so that one can look into it; and does not remember
what there is not, so that a name is found as soon as it was made.
"""

from __future__ import annotations

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.lab.services.process import Daemon, address_of, port_of
from tutor.model.topology import MachineSpec, ServiceSpec

_NAME = "name "
_TTL = 300


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """``LabError`` where it is told neither or both of ``root`` and ``forward``."""
    address, port = address_of(machine, spec), port_of(machine, spec, 53)
    root, forward = spec.options.get("root"), spec.options.get("forward")
    if (root is None) == (forward is None):
        raise LabError(
            tell("the resolver of {machine} needs either a root server or a server to forward to", machine=machine.name)
        )
    folder = f"/etc/unbound/{str(address or spec.netns or machine.name).replace(':', '.')}"
    path, hints = f"{folder}/unbound.conf", f"{folder}/root.hints"
    asked = f'  root-hints: "{hints}"\n' if root else ""
    onward = f'forward-zone:\n  name: "."\n  forward-addr: {forward}\n' if forward else ""
    bound = f"  interface: {address}\n  outgoing-interface: {address}\n" if address else "  interface: 0.0.0.0\n"
    configuration = f"""\
server:
  directory: ""
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  outgoing-range: 64
{bound}  port: {port}
  do-ip6: {"yes" if address and address.version == 6 else "no"}
  access-control: 0.0.0.0/0 allow_snoop
  access-control: ::0/0 allow_snoop
  module-config: "iterator"
  qname-minimisation: no
  rrset-roundrobin: no
  infra-host-ttl: 5
  cache-max-negative-ttl: 0
{asked}{_own(spec)}remote-control:
  control-enable: no
{onward}"""
    files = {path: configuration}
    if root:
        files[hints] = f". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A {root}\n"
    return Daemon(("unbound", "-d", "-c", path), port, "udp", files, address)


def _own(spec: ServiceSpec) -> str:
    """Its own names, with nothing else below them."""
    lines = []
    for key, value in spec.options.items():
        if key.startswith(_NAME):
            name = key.removeprefix(_NAME).rstrip(".")
            kind = "AAAA" if ":" in value else "A"
            lines += [f'  local-zone: "{name}." static\n', f'  local-data: "{name}. {_TTL} {kind} {value}"\n']
    return "".join(lines)
