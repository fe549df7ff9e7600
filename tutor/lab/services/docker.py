"""Docker's engine, and two images for it: nginx and busybox, made of this machine's own programs. No options.

The engine runs as root of a user namespace, which it must be told (``--rootless``, dockerd(8)). It needs a control
group file system to look at, and may make no groups in it. Where the group ``tty`` is not mapped, a container's devpts
cannot be given to it: a ``runc`` of our own, first in the engine's path, takes that wish out of the bundle (config.md
of the OCI runtime specification, "Mounts").
"""

from __future__ import annotations

from tutor.lab.engine import SOCKET
from tutor.lab.services.process import Daemon
from tutor.model.topology import MachineSpec, ServiceSpec

_FOLDER = "/run/docker/bin"
_LOG = "/var/log/docker.log"
_RUNC = """\
#!/bin/sh
for word do
    [ "$before" = --bundle ] && sed -i 's/,"gid=5"//' "$word/config.json"
    before=$word
done
PATH=${PATH#*:}
exec runc "$@"
"""
_START = f"""\
chmod 755 {_FOLDER}/runc
mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup
PATH={_FOLDER}:$PATH dockerd --rootless -G root -H unix://{SOCKET} >>{_LOG} 2>&1 && exit
tail -n 1 {_LOG} >&2
exit 1
"""
_IMAGES = """\
set -e
folder=/tmp/.images
programs() {  # what of this machine they are made of, with the libraries
    for program do
        cp -L --parents "$program" .
        ldd "$program" 2>/dev/null | sed -n 's/^[^/]*\\(\\/[^ ]*\\) (.*/\\1/p' | xargs -r cp -L --parents -t .
    done
}
image() {  # NAME OPTION...
    name=$1
    shift
    tar -c --owner=0 --group=0 . | docker import "$@" - "$name"
}
busybox=$(command -v busybox)
mkdir -p "$folder/busybox/bin" "$folder/busybox/etc" "$folder/busybox/tmp" "$folder/busybox/root"
cd "$folder/busybox"
programs "$busybox"
"$busybox" --install -s bin
cp /etc/passwd /etc/group etc
cp -a . ../nginx
image busybox -c 'CMD ["sh"]' &
cd ../nginx
programs "$(command -v nginx)"
mkdir -p etc/nginx var/log/nginx var/lib/nginx run usr/share/nginx/html
cp /etc/docker/nginx.conf etc/nginx
cp /etc/docker/index.html usr/share/nginx/html
image nginx -c 'CMD ["nginx", "-g", "daemon off;"]' -c 'EXPOSE 80'
wait $!
cd /
rm -rf "$folder"
"""
_NGINX = """\
user root;
worker_processes 1;
pid /run/nginx.pid;
error_log /dev/stderr notice;
events { worker_connections 64; }
http {
    access_log /dev/stdout;
    default_type text/html;
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
}
"""
_PAGE = """\
<!doctype html>
<title>Welcome to nginx!</title>
<h1>Welcome to nginx!</h1>
"""


def daemon(machine: MachineSpec, spec: ServiceSpec) -> Daemon:
    files = {
        f"{_FOLDER}/runc": _RUNC,
        "/etc/docker/start": _START,
        "/etc/docker/images": _IMAGES,
        "/etc/docker/nginx.conf": _NGINX,
        "/etc/docker/index.html": _PAGE,
    }
    return Daemon(
        ("sh", "/etc/docker/start"),
        0,
        "unix",
        files,
        socket=SOCKET,
        after=("sh", "/etc/docker/images"),
        name="docker",
        programs=("docker", "dockerd", "docker-proxy", "containerd", "runc", "iptables", "nginx", "busybox"),
    )
