"""The file systems of the lab and of its machines. Called inside new user and mount namespaces.

The lab's own root is seen by no learner. In it stands the *template*: the root of every machine, read-only, with the
host's /usr and a small /dev. Each machine has a copy of these mounts in its own mount namespace, adds a tmpfs of its
own for /etc /root /run /tmp /var, and enters. See mount_namespaces(7) and, for what a user namespace may mount,
user_namespaces(7).
"""

from __future__ import annotations

import os

from tutor.lab.inside import etc, kernel
from tutor.lab.inside.kernel import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STAGE = "/tmp"
_TEMPLATE = "/machine"
_OWN = "/own"
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_NODES = ("null", "zero", "full", "random", "urandom", "tty", "net/tun")
_SHARED_ETC = ("alternatives", "ld.so.cache")
_QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC
_WRITABLE = ("etc", "root", "run", "tmp", "var")
_FOLDERS = (
    ("etc", 0o755), ("etc/iproute2", 0o755), ("etc/netns", 0o755), ("root", 0o700),
    ("run", 0o755), ("run/lock", 0o1777), ("run/netns", 0o755), ("run/shm", 0o1777), ("tmp", 0o1777),
    ("var", 0o755), ("var/cache", 0o755), ("var/lib", 0o755), ("var/lib/misc", 0o755), ("var/log", 0o755),
    ("var/spool", 0o755), ("var/tmp", 0o1777),
)  # fmt: skip
_LINKS = (
    ("var/run", "/run"),
    ("var/lock", "/run/lock"),
    ("etc/mtab", "/proc/self/mounts"),
    ("etc/os-release", "/usr/lib/os-release"),
)


def _open(path: str) -> int:
    """A handle on ``path`` that lives on when something is mounted over its parents."""
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"open {path}") from None


def _handle(fd: int) -> str:
    return f"/proc/self/fd/{fd}"


def _bind(source: str, target: str) -> None:
    kernel.mount(source, target, None, MS_BIND | MS_REC)


def _write(path: str, content: str, mode: int = 0o644) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.write(fd, content.encode())
    finally:
        os.close(fd)


def open_sources(spec: dict[str, Any]) -> dict[str, int]:
    """Handles on the user's own directories, taken while we are still that user and may reach them."""
    kernel.mount(None, "/", None, MS_REC | MS_PRIVATE)
    return {path: _open(path) for path in (spec["tools"], spec["prefix"]) if path}


def build_lab(spec: dict[str, Any], sources: dict[str, int]) -> None:
    """Build the lab's root and enter it. ``spec`` has ``tools`` and ``prefix`` (paths or ``""``)."""
    kernel.mount("lab", _STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,nr_inodes=4k,mode=755")
    for folder in ("proc", "sys", "patch", _OWN[1:], _TEMPLATE[1:]):
        os.mkdir(f"{_STAGE}/{folder}")
    template = _STAGE + _TEMPLATE
    kernel.mount("root", template, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=256,mode=755")
    for folder in (*_WRITABLE, "usr", "dev", "proc", "sys", ".sysfs", ".shared", "home", "mnt", "opt", "srv"):
        os.mkdir(f"{template}/{folder}")
    _lay_usr(sources.get(spec["tools"]), f"{template}/usr")
    _merge(template)
    _share_etc(f"{template}/.shared")
    _build_dev(f"{template}/dev")
    kernel.mount(None, template, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    for name in ("usr", "dev", *_MERGED):
        if os.path.lexists(f"{template}/{name}"):
            os.symlink(f"{_TEMPLATE[1:]}/{name}", f"{_STAGE}/{name}")
    if spec["prefix"]:
        os.makedirs(_STAGE + spec["prefix"], exist_ok=True)
        _bind(_handle(sources[spec["prefix"]]), _STAGE + spec["prefix"])
    kernel.mount("proc", f"{_STAGE}/proc", "proc", _QUIET)
    kernel.mount("sysfs", f"{_STAGE}/sys", "sysfs", _QUIET)
    kernel.enter_root(_STAGE)


def _lay_usr(tools: int | None, target: str) -> None:
    """/usr is the host's, under the fetched tools, under our iptables; a bind mount where no overlay may be."""
    layers = [f"{_STAGE}/patch"] if _patch(tools) else []
    if tools is not None:
        layers.append(_handle(tools))
    if layers:
        try:
            kernel.mount("usr", target, "overlay", MS_RDONLY, f"lowerdir={':'.join([*layers, '/usr'])}")
        except OSError:
            _bind("/usr", target)
    else:
        _bind("/usr", target)
    kernel.make_read_only(target)


def _patch(tools: int | None) -> bool:
    """Link ``iptables`` to its nftables form: its legacy form cannot be listed in a user namespace."""
    where = ["/usr"] if tools is None else [_handle(tools), "/usr"]
    if not any(os.path.exists(f"{base}/sbin/xtables-nft-multi") for base in where):
        return False
    os.mkdir(f"{_STAGE}/patch/sbin")
    for family in ("ip", "ip6"):
        for verb in ("tables", "tables-save", "tables-restore"):
            os.symlink("xtables-nft-multi", f"{_STAGE}/patch/sbin/{family}{verb}")
    return True


def _merge(template: str) -> None:
    """/bin, /lib and so on as the host has them: links into /usr, or directories."""
    for name in _MERGED:
        host, target = f"/{name}", f"{template}/{name}"
        if os.path.islink(host):
            os.symlink(os.readlink(host).lstrip("/"), target)
        elif os.path.isdir(host):
            os.mkdir(target)
            _bind(host, target)
            kernel.make_read_only(target)


def _share_etc(folder: str) -> None:
    """What of the host's /etc is neither private nor cheap to synthesise, read-only."""
    for name in _SHARED_ETC:
        host, target = f"/etc/{name}", f"{folder}/{name}"
        if os.path.isdir(host):
            os.mkdir(target)
        elif os.path.exists(host):
            _write(target, "")
        else:
            continue
        _bind(host, target)
        kernel.make_read_only(target)


def _build_dev(dev: str) -> None:
    kernel.mount("dev", dev, "tmpfs", MS_NOSUID, "size=64k,nr_inodes=64,mode=755")
    for folder in ("pts", "shm", "net"):
        os.mkdir(f"{dev}/{folder}")
    for link, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):  # fmt: skip
        os.symlink(target, f"{dev}/{link}")
    for node in _NODES:
        if os.path.exists(f"/dev/{node}"):
            _write(f"{dev}/{node}", "")
            kernel.mount(f"/dev/{node}", f"{dev}/{node}", None, MS_BIND)
    kernel.mount(None, dev, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def build_machine(spec: dict[str, Any]) -> None:
    """Build the root of one machine and enter it; called as its pid 1, in its own namespaces, inside the lab's root.

    ``spec`` has ``name``, ``hosts``, ``resolver``, ``home`` (file name -> text), ``size`` and ``inodes`` (limits of
    everything it can write) and ``wide`` (more users than root are mapped).
    """
    limits = f"size={spec['size']},nr_inodes={spec['inodes']},mode=755"
    kernel.mount(spec["name"], _OWN, "tmpfs", MS_NOSUID | MS_NODEV, limits)
    os.umask(0)
    for folder, mode in _FOLDERS:
        os.mkdir(f"{_OWN}/{folder}", mode)
    os.umask(0o022)
    for link, target in _LINKS:
        os.symlink(target, f"{_OWN}/{link}")
    for name in _SHARED_ETC:
        if os.path.exists(f"{_TEMPLATE}/.shared/{name}"):
            os.symlink(f"/.shared/{name}", f"{_OWN}/etc/{name}")
    for path, content in etc.files(spec["name"], spec["hosts"], spec["resolver"]).items():
        _write(f"{_OWN}/etc/{path}", content)
    for path, content in spec["home"].items():
        if "/" in path:
            os.makedirs(os.path.dirname(f"{_OWN}/root/{path}"), exist_ok=True)
        _write(f"{_OWN}/root/{path}", content)
    _mount_machine(wide=spec["wide"])
    kernel.enter_root(_TEMPLATE)


def _mount_machine(*, wide: bool) -> None:
    for folder in _WRITABLE:
        kernel.mount(f"{_OWN}/{folder}", f"{_TEMPLATE}/{folder}", None, MS_BIND)
    kernel.mount(f"{_OWN}/run/shm", f"{_TEMPLATE}/dev/shm", None, MS_BIND)
    options = "newinstance,ptmxmode=666,mode=620" + (",gid=5" if wide else "")
    kernel.mount("devpts", f"{_TEMPLATE}/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options)
    kernel.mount("proc", f"{_TEMPLATE}/proc", "proc", _QUIET)
    # `ip netns exec` unmounts /sys and mounts it anew, which the kernel allows only beside another one in full view.
    for name in ("sys", ".sysfs"):
        kernel.mount("sysfs", f"{_TEMPLATE}/{name}", "sysfs", _QUIET)
