"""A web server: nginx. Options: ``port``, ``address``, ``page`` (HTML or text)."""

from __future__ import annotations

from tutor.lab.services.process import Daemon, address_of, port_of
from tutor.model.topology import MachineSpec, ServiceSpec


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    """Serves one page, also under every other path's directory index."""
    place = spec.netns or machine.name
    port, address = port_of(machine, spec, 80), address_of(machine, spec)
    name = place if address is None else f"{place}-{str(address).replace(':', '.')}"
    if sum(_beside(machine, spec, other) for other in machine.services) > 1:
        name += f"-{port}"
    page = spec.options.get("page", f"<!doctype html>\n<title>{place}</title>\n<h1>Hello from {place}</h1>")
    folder, log = f"/var/www/{name}", f"/var/log/nginx/{name}-error.log"
    if address is None:
        listen = f"listen {port}; listen [::]:{port};"
    else:
        listen = f"listen {f'[{address}]' if address.version == 6 else address}:{port};"
    configuration = f"""\
user root root;
worker_processes 1;
pid /run/nginx-{name}.pid;
error_log {log};
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
        {listen}
        root {folder};
    }}
}}
"""
    path = f"/etc/nginx/{name}.conf"
    files = {path: configuration, f"{folder}/index.html": page + "\n", "/var/log/nginx/error.log": "",
             "/var/lib/nginx/keep": ""}  # fmt: skip
    return Daemon(("nginx", "-e", log, "-c", path, "-g", "daemon off;"), port, "tcp", files, address)


def _beside(machine: MachineSpec, spec: ServiceSpec, other: ServiceSpec) -> bool:
    """Whether both serve at the same address of the same place, so that only their ports tell them apart."""
    place = other.kind == spec.kind and other.netns == spec.netns
    return place and address_of(machine, other) == address_of(machine, spec)
