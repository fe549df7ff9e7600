"""The file systems of the lab and of its machines. Called inside new user and mount namespaces.

The lab's own root is seen by no learner: it holds what all machines share. A machine's root is a tmpfs of its own,
read-only but for /etc /root /run /tmp /var; its /usr and /dev are the lab's. See mount_namespaces(7) and, for what
a user namespace may mount, user_namespaces(7).
"""

from __future__ import annotations

import os

from tutor.lab.inside import etc, kernel
from tutor.lab.inside.kernel import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STAGE = "/tmp"
_MACHINE_STAGE = "/machine"
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_NODES = ("null", "zero", "full", "random", "urandom", "tty", "net/tun")
_SHARED_ETC = ("alternatives", "ld.so.cache", "ssl/certs")
_WRITABLE = (("etc", 0o755), ("root", 0o700), ("run", 0o755), ("tmp", 0o1777), ("var", 0o755))
_FOLDERS = (
    "etc/iproute2", "etc/netns", "run/lock", "run/netns", "run/shm", "var/cache", "var/lib/misc", "var/log",
    "var/spool", "var/tmp", "var/www/html",
)  # fmt: skip


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
    for folder in ("usr", "dev", "proc", "sys", "patch", "shared", _MACHINE_STAGE[1:]):
        os.mkdir(f"{_STAGE}/{folder}")
    _lay_usr(sources.get(spec["tools"]))
    _merge(_STAGE, _STAGE + "/")
    _share_etc()
    if spec["prefix"]:
        os.makedirs(_STAGE + spec["prefix"], exist_ok=True)
        _bind(_handle(sources[spec["prefix"]]), _STAGE + spec["prefix"])
    _build_dev()
    kernel.mount("proc", f"{_STAGE}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    kernel.mount("sysfs", f"{_STAGE}/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    kernel.enter_root(_STAGE)


def _lay_usr(tools: int | None) -> None:
    """/usr is the host's, under the fetched tools, under our iptables; a bind mount where no overlay may be."""
    target = f"{_STAGE}/usr"
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


def _merge(root: str, target: str) -> None:
    """/bin, /lib and so on as the host has them: links into /usr, or directories."""
    for name in _MERGED:
        host = f"/{name}"
        if os.path.islink(host):
            os.symlink(os.readlink(host).lstrip("/"), target + name)
        elif os.path.isdir(host):
            os.mkdir(target + name)
            _bind(host, target + name)
            kernel.make_read_only(target + name)


def _share_etc() -> None:
    """What of the host's /etc is neither private nor cheap to synthesise, read-only."""
    for name in _SHARED_ETC:
        host, target = f"/etc/{name}", f"{_STAGE}/shared/{name.replace('/', '-')}"
        if os.path.isdir(host):
            os.mkdir(target)
        elif os.path.exists(host):
            _write(target, "")
        else:
            continue
        _bind(host, target)
        kernel.make_read_only(target)


def _build_dev() -> None:
    dev = f"{_STAGE}/dev"
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
    root = _MACHINE_STAGE
    limits = f"size={spec['size']},nr_inodes={spec['inodes']},mode=755"
    kernel.mount(spec["name"], root, "tmpfs", MS_NOSUID | MS_NODEV, limits)
    for folder, mode in _WRITABLE:
        os.mkdir(f"{root}/{folder}")
        os.chmod(f"{root}/{folder}", mode)
    for folder in ("usr", "dev", "proc", "sys", ".sysfs", "home", "mnt", "opt", "srv"):
        os.mkdir(f"{root}/{folder}")
    for folder in _FOLDERS:
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    for folder in ("run/lock", "run/shm", "var/tmp"):
        os.chmod(f"{root}/{folder}", 0o1777)
    os.symlink("/run", f"{root}/var/run")
    os.symlink("/run/lock", f"{root}/var/lock")
    _fill_etc(root, spec)
    for path, content in spec["home"].items():
        os.makedirs(os.path.dirname(f"{root}/root/{path}"), exist_ok=True)
        _write(f"{root}/root/{path}", content)
    _mount_machine(root, wide=spec["wide"])
    kernel.enter_root(root)


def _fill_etc(root: str, spec: dict[str, Any]) -> None:
    for path, content in etc.files(spec["name"], spec["hosts"], spec["resolver"]).items():
        _write(f"{root}/etc/{path}", content)
    os.symlink("/proc/self/mounts", f"{root}/etc/mtab")
    os.symlink("/usr/lib/os-release", f"{root}/etc/os-release")
    for name in _SHARED_ETC:
        shared, target = f"/shared/{name.replace('/', '-')}", f"{root}/etc/{name}"
        if os.path.isdir(shared):
            os.makedirs(target)
        elif os.path.exists(shared):
            _write(target, "")
        else:
            continue
        kernel.mount(shared, target, None, MS_BIND)


def _mount_machine(root: str, *, wide: bool) -> None:
    _bind("/usr", f"{root}/usr")
    _merge_machine(root)
    _bind("/dev", f"{root}/dev")
    group = ",gid=5" if wide else ""
    kernel.mount(
        "devpts", f"{root}/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, f"newinstance,ptmxmode=666,mode=620{group}"
    )
    kernel.mount(f"{root}/run/shm", f"{root}/dev/shm", None, MS_BIND)
    kernel.mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # `ip netns exec` unmounts /sys and mounts it anew, which the kernel allows only beside another one in full view.
    for name in ("sys", ".sysfs"):
        kernel.mount("sysfs", f"{root}/{name}", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for folder, _mode in _WRITABLE:
        _bind(f"{root}/{folder}", f"{root}/{folder}")
    kernel.mount(None, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _merge_machine(root: str) -> None:
    for name in _MERGED:
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
        elif os.path.isdir(f"/{name}"):
            os.mkdir(f"{root}/{name}")
            _bind(f"/{name}", f"{root}/{name}")
