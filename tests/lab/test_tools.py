"""Fetching tools: apt itself, against a small repository on the loopback that can be made to misbehave."""

from __future__ import annotations

import fcntl
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor import paths
from tutor.errors import ToolError, UsageError
from tutor.lab.tools import Tool, ensure, find, install, install_line, layer, manifest, missing, silent
from tutor.lab.tools import apt as apts
from tutor.lab.tools.apt import Apt
from tutor.lab.tools.installer import pins


class Repository:
    """A flat repository served by HTTP; ``cut`` ends the transfer of packages half way."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cut = False
        self.asked: list[str] = []
        self._tick = 1_700_000_000
        self._built = root.parent / "built"
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if outer.cut and self.path.endswith(".deb"):
                    data = (root / self.path.lstrip("/")).read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data[: len(data) // 2])
                    self.close_connection = True
                    return
                super().do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        handler = type("Handler", (Handler,), {"__init__": _serving(Handler, root)})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.thread.start()
        (root.parent / "sources.list").write_text(f"deb [trusted=yes] http://127.0.0.1:{self._server.server_port} ./\n")

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, files: dict[str, str], depends: str = "") -> None:
        tree = self._built / name
        (tree / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: 1:2.0-1\nArchitecture: all\nMaintainer: x <x@example.org>\n"
        control += f"Depends: {depends}\n" if depends else ""
        (tree / "DEBIAN/control").write_text(f"{control}Description: x\n")
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
            (tree / path).chmod(0o755)
        argv = ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(self.root / f"{name}_2.0-1_all.deb")]
        subprocess.run(argv, check=True, capture_output=True)
        self.index()

    def index(self, falsify: bool = False) -> None:
        entries = []
        for deb in sorted(self.root.glob("*.deb")):
            control = subprocess.run(["dpkg-deb", "-f", str(deb)], capture_output=True, text=True, check=True).stdout
            digest = hashlib.sha256(b"other" if falsify else deb.read_bytes()).hexdigest()
            entries.append(f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n")
        packages = self.root / "Packages"
        packages.write_text("\n".join(entries))
        # HTTP tells changes by whole seconds.
        self._tick += 1
        os.utime(packages, (self._tick, self._tick))

    def apt(self, cache: Path) -> Apt:
        status = self.root.parent / "status"
        status.touch()
        options = [
            f"Dir::Etc::SourceList={self.root.parent}/sources.list",
            "Dir::Etc::SourceParts=/dev/null",
            "Acquire::Retries=0",
            "Acquire::http::Proxy=DIRECT",
            "Acquire::Languages=none",
        ]
        return Apt(cache, status, options)


def _serving(base: type[http.server.SimpleHTTPRequestHandler], root: Path) -> object:
    def init(self: http.server.SimpleHTTPRequestHandler, *args: object) -> None:
        base.__init__(self, *args, directory=str(root))  # type: ignore[arg-type]

    return init


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "repository").mkdir()
    served = Repository(tmp_path / "repository")
    served.add("frob", {"bin/frob.real": "#!/bin/sh\necho frob\n", "usr/share/frob/data": "1"}, "libfrob")
    served.add("libfrob", {"lib/frob/helper": "2"})
    yield served
    served.stop()


FROB = Tool("frob", "frobs", ("frob",), {"apt": ("frob",)}, {"bin/frob": "frob.real"})


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest has ``frob`` too."""
    original = dict(manifest())
    monkeypatch.setattr("tutor.lab.tools.inventory.manifest", lambda: original | {"frob": FROB})


def _install(repository: Repository) -> None:
    with layer.locked(paths.tools_layer()):
        install((FROB,), silent, source=repository.apt(paths.cache()))


def _nothing_half_there() -> bool:
    return not list(paths.tools_layer().glob("staging*")) and not (paths.tools_layer() / "usr").exists()


def test_a_tool_and_what_it_depends_on_are_fetched_and_merged(repository: Repository) -> None:
    _install(repository)
    usr = paths.tools_layer() / "usr"
    assert (usr / "bin/frob").readlink() == Path("frob.real")
    assert subprocess.run([usr / "bin/frob"], capture_output=True, text=True, check=True).stdout == "frob\n"
    assert (usr / "lib/frob/helper").read_text() == "2"
    assert (usr / "share/frob/data").read_text() == "1"
    assert find("frob") == usr / "bin/frob"
    assert missing(["frob"]) == ()
    held = layer.contents(paths.tools_layer())
    assert set(held) == {"frob", "libfrob"}
    assert held["frob"].version == "1:2.0-1"
    assert held["frob"].sha256 == hashlib.sha256((repository.root / "frob_2.0-1_all.deb").read_bytes()).hexdigest()


def test_a_second_installation_keeps_the_first_and_the_running_generation(repository: Repository) -> None:
    _install(repository)
    first = (paths.tools_layer() / "usr").resolve()
    repository.add("other", {"usr/sbin/other": "#!/bin/sh\n"})
    other = Tool("other", "", ("other",))
    with layer.locked(paths.tools_layer()):
        archives = repository.apt(paths.cache())
        archives.update()
        packages = archives.locate(archives.needed(["other"]))
        files = archives.fetch(packages, lambda fraction: None)
        layer.add(paths.tools_layer(), dict(zip(packages, files, strict=True)), other.links)
    assert find("frob")
    assert find("other")
    assert (first / "bin/frob").exists()
    assert len(list(paths.tools_layer().glob("generation-*"))) == 2


def test_what_was_fetched_is_not_fetched_again(repository: Repository) -> None:
    _install(repository)
    shutil.rmtree(paths.tools_layer())
    repository.asked.clear()
    _install(repository)
    assert not [path for path in repository.asked if path.endswith(".deb")]


def test_a_wrong_checksum_leaves_nothing(repository: Repository) -> None:
    repository.index(falsify=True)
    with pytest.raises(ToolError, match=r"could not be fetched: frob"):
        _install(repository)
    assert _nothing_half_there()
    assert not list((paths.cache() / "packages").glob("frob*.deb"))


def test_a_file_that_changed_in_the_cache_is_fetched_again(repository: Repository) -> None:
    _install(repository)
    cached = paths.cache() / "packages/frob_1%3a2.0-1_all.deb"
    cached.write_bytes(cached.read_bytes()[:-1] + b"x")
    _install(repository)
    assert cached.read_bytes() == (repository.root / "frob_2.0-1_all.deb").read_bytes()


def test_a_broken_download_leaves_nothing_and_can_be_resumed(repository: Repository) -> None:
    repository.cut = True
    with pytest.raises(ToolError, match="try again"):
        _install(repository)
    assert _nothing_half_there()
    repository.cut = False
    _install(repository)
    assert find("frob")


def test_without_a_network_it_says_what_to_do(repository: Repository) -> None:
    repository.stop()
    with pytest.raises(ToolError) as caught:
        _install(repository)
    assert "Connect to the network" in caught.value.fix
    assert "sudo apt install" in caught.value.fix
    assert _nothing_half_there()


def test_a_package_without_its_libraries_is_refused(repository: Repository) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("unsupported: no compiler to make a program that lacks a library")
    work = repository.root.parent
    (work / "l.c").write_text("int frob(void) { return 0; }")
    (work / "m.c").write_text("int frob(void); int main(void) { return frob(); }")
    subprocess.run([compiler, "-shared", "-o", work / "libgone.so", work / "l.c"], check=True)
    subprocess.run([compiler, "-o", work / "lame", work / "m.c", "-L", work, "-lgone"], check=True)
    tree = work / "built/lame/usr/bin"
    tree.mkdir(parents=True)
    repository_tree = work / "built/lame"
    shutil.copy(work / "lame", tree / "lame")
    (repository_tree / "DEBIAN").mkdir()
    (repository_tree / "DEBIAN/control").write_text(
        "Package: lame\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    subprocess.run(
        ["dpkg-deb", "-b", repository_tree, repository.root / "lame_1_all.deb"], check=True, capture_output=True
    )
    repository.index()
    with layer.locked(paths.tools_layer()), pytest.raises(ToolError, match=r"lack the libraries libgone\.so"):
        install((Tool("lame", "", ("lame",)),), silent, source=repository.apt(paths.cache()))
    assert _nothing_half_there()


def test_a_pinned_version_with_another_checksum_is_refused(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.lab.tools.installer.pins", lambda: {("frob", "1:2.0-1"): "0" * 64})
    with pytest.raises(ToolError, match="is not the file that nettutor knows"):
        _install(repository)
    assert _nothing_half_there()


def test_a_full_disk_leaves_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.add("large", {"usr/share/large": os.urandom(2_000_000).hex()})
    script = """
import os, sys
from pathlib import Path
from tutor import paths
from tutor.errors import ToolError
from tutor.lab.tools import layer
from tutor.lab.tools.apt import Package
archive = Path(sys.argv[1])
with layer.locked(paths.tools_layer()):
    try:
        layer.add(paths.tools_layer(), {Package("large", "1", "x", 1, ""): archive}, {})
    except ToolError as error:
        print(error)
print(sorted(os.listdir(paths.tools_layer())))
"""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    line = f'mount -t tmpfs -o size=1m none {data} && exec "$0" -c "$1" "$2"'
    archive = str(repository.root / "large_2.0-1_all.deb")
    argv = ["unshare", "-Urm", "sh", "-ec", line, sys.executable, script, archive]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no space left" in done.stdout.lower(), done.stdout
    assert done.stdout.splitlines()[-1] == "['.lock']"


def test_ctrl_c_cleans_up(repository: Repository) -> None:
    """The installer waits for the lock-holder's download; interrupted there, it leaves no staging tree."""
    script = "from tutor.lab import tools; tools.ensure(['arping', 'traceroute', 'busybox'])"
    paths.tools_layer().mkdir(parents=True)
    with (paths.tools_layer() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert not said or "KeyboardInterrupt" in said
    assert _nothing_half_there()


def test_nothing_is_done_where_nothing_is_missing(repository: Repository) -> None:
    assert ensure([]) == ()
    assert not paths.tools_layer().exists()


def test_without_apt_the_distributions_command_is_given(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apts, "available", lambda: False)
    with pytest.raises(ToolError, match="apt is not here to fetch them: frob"):
        ensure(["frob"])


@pytest.mark.parametrize(
    ("release", "line"),
    [
        ({"ID": "debian"}, "sudo apt install --no-install-recommends iputils-ping bind9-dnsutils bind9-host"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "sudo apt install"),
        ({"ID": "fedora"}, "sudo dnf install iputils bind-utils"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "sudo dnf install iputils bind-utils"),
        ({"ID": "arch"}, "sudo pacman -S iputils bind"),
        ({"ID": "alpine"}, "sudo apk add iputils bind-tools"),
        ({"ID": "opensuse-tumbleweed", "ID_LIKE": "opensuse suse"}, "sudo zypper install iputils bind-utils"),
        ({"ID": "plan9"}, "package manager: ping, dig"),
    ],
)
def test_install_lines(release: dict[str, str], line: str) -> None:
    assert line in install_line([manifest()["ping"], manifest()["dig"]], release)


def test_an_unknown_tool_is_named_with_its_neighbour() -> None:
    with pytest.raises(UsageError, match="no tool 'ngin'; did you mean nginx"):
        missing(["ngin"])


def test_programs_are_found_without_sbin_in_the_users_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert find("sh")
    assert find("no-such-program") is None


def test_the_manifest_and_the_pins_are_sound() -> None:
    names = {package for tool in manifest().values() for package in tool.packages_for("apt")}
    for tool in manifest().values():
        assert tool.purpose
        assert tool.programs
    for path in (paths.assets() / "tools").glob("*.json"):
        rows = json.loads(path.read_text())
        assert names <= {row["name"] for row in rows} | {"frob"}
        assert all(len(row["sha256"]) == 64 and row["size"] > 0 for row in rows)


def test_the_real_mirror_agrees_with_the_pins(tmp_path: Path) -> None:
    """Of this release, the packages whose pinned version is still on offer."""
    pinned = pins()
    if not pinned:
        pytest.skip("unsupported: no pins for this release and architecture")
    source = Apt(tmp_path)
    source.update()
    packages = source.locate(["traceroute", "netcat-openbsd"])
    assert {package.name for package in packages} == {"traceroute", "netcat-openbsd"}
    for package in packages:
        assert pinned.get((package.name, package.version), package.sha256) == package.sha256
