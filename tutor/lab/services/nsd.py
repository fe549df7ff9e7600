"""A name server with the say over zones, and over nothing else: nsd (nsd.conf(5)).

Options: ``address``, and for each zone ``zone NAME`` with the text of its zone file (RFC 1035, section 5).
"""

from __future__ import annotations

from tutor.lab.services.process import Daemon, address_of
from tutor.model.topology import MachineSpec, ServiceSpec

_ZONE = "zone "
_SCRATCH = "/var/log/nsd"


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """Answers for its zones with authority, refers below them, and refuses all else."""
    address = address_of(machine, spec)
    folder = f"/etc/nsd/{str(address or spec.netns or machine.name).replace(':', '.')}"
    zones = {key.removeprefix(_ZONE): text for key, text in spec.options.items() if key.startswith(_ZONE)}
    files = {f"{folder}/{_file(zone)}": text for zone, text in zones.items()}
    listed = "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{folder}/{_file(zone)}"\n' for zone in zones)
    configuration = f"""\
server:
  server-count: 1
{f"  ip-address: {address}" if address else ""}
  port: 53
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: ""
  xfrdir: "{_SCRATCH}"
  do-ip6: {"no" if address and address.version == 4 else "yes"}
  hide-version: yes
  minimal-responses: no
remote-control:
  control-enable: no
{listed}"""
    path = f"{folder}/nsd.conf"
    return Daemon(("nsd", "-d", "-c", path), 53, "udp", {path: configuration, f"{_SCRATCH}/keep": "", **files}, address)


def _file(zone: str) -> str:
    return f"{zone.rstrip('.') or 'root'}.zone"
