"""Daemons that a lesson finds running: nginx and dnsmasq, the real ones. They know their configuration files only."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from tutor.errors import LabError
from tutor.model.topology import MachineSpec, ServiceSpec

_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp, proc(5)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process that stays in the foreground, the files it needs, and where it is to be heard."""

    argv: tuple[str, ...]
    port: int
    protocol: str  # tcp or udp: the table of /proc/net that shows it
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        return self.argv[0]


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """The daemon that ``spec`` asks for; ``LabError`` for a kind that does not exist or a port that is none."""
    makers = {"http": _http, "dns": _dns}
    if spec.kind not in makers:
        raise LabError(f"{machine.name} asks for a service {spec.kind!r}", f"There are: {', '.join(makers)}")
    return makers[spec.kind](machine, spec)


def _port(machine: MachineSpec, spec: ServiceSpec, default: int) -> int:
    text = spec.options.get("port", str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LabError(f"{machine.name} asks for {spec.kind} on port {text!r}", "A port is a number from 1 to 65535")
    return int(text)


def _http(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    name = spec.netns or machine.name
    port = _port(machine, spec, 80)
    page = spec.options.get("page", f"<!doctype html>\n<title>{name}</title>\n<h1>Hello from {name}</h1>")
    folder = f"/var/www/{name}"
    configuration = f"""\
user root root;
worker_processes 1;
pid /run/nginx-{name}.pid;
error_log /var/log/nginx/{name}-error.log;
events {{ worker_connections 64; }}
http {{
    access_log /var/log/nginx/{name}-access.log;
    default_type text/html;
    client_body_temp_path /var/lib/nginx/body;
    proxy_temp_path /var/lib/nginx/proxy;
    fastcgi_temp_path /var/lib/nginx/fastcgi;
    uwsgi_temp_path /var/lib/nginx/uwsgi;
    scgi_temp_path /var/lib/nginx/scgi;
    server {{
        listen {port};
        listen [::]:{port};
        root {folder};
    }}
}}
"""
    path = f"/etc/nginx/{name}.conf"
    files = {path: configuration, f"{folder}/index.html": page + "\n", "/var/log/nginx/error.log": "",
             "/var/lib/nginx/keep": ""}  # fmt: skip
    log = f"/var/log/nginx/{name}-error.log"
    return Daemon(("nginx", "-e", log, "-c", path, "-g", "daemon off;"), port, "tcp", files)


def _dns(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    name = spec.netns or machine.name
    port = _port(machine, spec, 53)
    records = "".join(
        f"host-record={host},{address}\n" for host, address in spec.options.items() if host not in ("port",)
    )
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


def listens(table: str, protocol: str, port: int) -> bool:
    """Whether the text of ``/proc/net/tcp`` (or ``udp``) shows a socket that waits at ``port``."""
    for line in table.splitlines()[1:]:
        words = line.split()
        if int(words[1].rpartition(":")[2], 16) == port and (protocol == "udp" or words[3] == _LISTEN):
            return True
    return False


def tables(protocol: str) -> tuple[str, ...]:
    """The files of proc(5) that show sockets of this protocol."""
    return (f"/proc/net/{protocol}", f"/proc/net/{protocol}6") if socket.has_ipv6 else (f"/proc/net/{protocol}",)
