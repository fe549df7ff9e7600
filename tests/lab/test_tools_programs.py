"""Programs that no distribution packages: the makers' archive from a server on the loopback, a mirror, and real Go."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor import paths
from tutor.errors import ToolError, UsageError
from tutor.lab.tools import Tool, find, how_to_get, install, layer, manifest, silent
from tutor.lab.tools.gobuild import find_go
from tutor.lab.tools.inventory import Release
from tutor.lab.tools.release import MIRROR, architecture, file_name, obtain

FROB = b"#!/bin/sh\necho frob\n"


def _archive(name: str = "frob", program: bytes = FROB) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(program), 0o755
        archive.addfile(member, io.BytesIO(program))
    return data.getvalue()


class Makers:
    """Who offers the archive; ``cut`` ends the transfer half way."""

    def __init__(self) -> None:
        self.data = _archive()
        self.cut = False
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.data)))
                self.end_headers()
                self.wfile.write(outer.data[: len(outer.data) // 2] if outer.cut else outer.data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def release(self, digest: str | None = None, module: str = "example.invalid/frob", sum: str = "h1:x") -> Release:
        url = f"http://127.0.0.1:{self._server.server_port}/v{{version}}/frob_{{architecture}}.tgz"
        digest = hashlib.sha256(_archive()).hexdigest() if digest is None else digest
        return Release("Frob", "1.0.0", url, module, sum, sha256={architecture(): digest} if digest else {})

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def makers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Makers]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv(MIRROR, raising=False)
    served = Makers()
    yield served
    served.stop()


@pytest.fixture
def without_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.lab.tools.gobuild.find_go", lambda: None)


def _programs() -> list[str]:
    directory = paths.cache() / "programs"
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


def test_the_makers_archive_is_fetched_checked_and_put_into_the_layer(makers: Makers) -> None:
    tool = Tool("frob", "frobs", ("frob",), release=makers.release())
    with layer.locked(paths.tools_layer()):
        layer.add(paths.tools_layer(), dict([obtain("frob", makers.release(), silent)]), tool.links)
    program = find("frob")
    assert program == paths.tools_layer() / "usr/bin/frob"
    assert subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout == "frob\n"
    assert makers.asked == [f"/v1.0.0/frob_{architecture()}.tgz"]
    held = layer.contents(paths.tools_layer())["frob"]
    assert (held.version, held.sha256) == ("1.0.0", hashlib.sha256(FROB).hexdigest())


def test_progress_is_told(makers: Makers) -> None:
    told: list[tuple[str, float | None]] = []
    obtain("frob", makers.release(), lambda stage, fraction: told.append((stage, fraction)))
    assert [told[0], told[-1]] == [("fetching Frob 1.0.0", 0), ("fetching Frob 1.0.0", 1)]


def test_what_was_fetched_is_kept_as_long_as_it_is_whole(makers: Makers) -> None:
    package, path = obtain("frob", makers.release(), silent)
    assert obtain("frob", makers.release(), silent) == (package, path)
    assert len(makers.asked) == 1
    checked = ["sha256sum", "--check", "--quiet", f"{path.name}.sha256"]
    subprocess.run(checked, cwd=path.parent, check=True)
    path.write_bytes(b"damaged")
    assert obtain("frob", makers.release(), silent)[1].read_bytes() == FROB
    assert len(makers.asked) == 2


@pytest.mark.usefixtures("without_go")
def test_another_checksum_is_refused_and_nothing_is_left(makers: Makers) -> None:
    with pytest.raises(ToolError, match="is not the file that nettutor knows"):
        obtain("frob", makers.release("0" * 64), silent)
    assert _programs() == []


@pytest.mark.usefixtures("without_go")
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("cut", "fetching from 127.0.0.1 broke off"),
        ("silence", "fetching from 127.0.0.1 failed (Connection refused)"),
        ("empty", "has no file frob"),
        ("no archive", f"no archive is known for {architecture()}"),
    ],
)
def test_where_nobody_has_it_every_reason_is_told(makers: Makers, trouble: str, said: str) -> None:
    digest = None
    if trouble == "cut":
        makers.cut = True
    elif trouble == "silence":
        makers.stop()
    elif trouble == "empty":
        makers.data = _archive("other")
        digest = hashlib.sha256(makers.data).hexdigest()
    else:
        digest = ""
    with pytest.raises(ToolError) as caught:
        obtain("frob", makers.release(digest), silent)
    assert said in caught.value.reason or "could not be unpacked" in caught.value.reason
    assert caught.value.reason.endswith("there is no Go here to build it")
    assert "nettutor tools install frob" in caught.value.fix
    assert _programs() == []


def _mirror(directory: Path, program: bytes = b"mirrored", promised: bytes = b"mirrored") -> str:
    directory.mkdir()
    name = file_name("frob", "1.0.0")
    (directory / name).write_bytes(program)
    (directory / f"{name}.sha256").write_text(f"{hashlib.sha256(promised).hexdigest()}  {name}\n")
    return str(directory)


def test_a_mirror_is_asked_first(makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, _mirror(tmp_path / "with a space"))
    assert obtain("frob", makers.release(), silent)[1].read_bytes() == b"mirrored"
    assert makers.asked == []


def test_what_the_mirror_lacks_comes_from_the_makers(
    makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, str(tmp_path / "nothing"))
    assert obtain("frob", makers.release(), silent)[1].read_bytes() == FROB


def test_a_mirror_is_held_to_its_checksum(makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, _mirror(tmp_path / "mirror", b"changed"))
    with pytest.raises(ToolError, match="other checksum"):
        obtain("frob", makers.release(), silent)
    assert _programs() == []


@pytest.mark.parametrize("value", ["mirror", "http://mirror.example/", "./here"])
def test_a_mirror_is_a_directory_or_safe(makers: Makers, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(MIRROR, value)
    with pytest.raises(UsageError, match="neither the path of a directory nor an https:// address"):
        obtain("frob", makers.release(), silent)


def test_what_can_be_had_is_installed_all_the_same(
    makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_go: None
) -> None:
    """One program that nobody has does not keep another from being installed."""
    good = Tool("frob", "", ("frob",), release=makers.release())
    bad = Tool("nix", "", ("nix",), release=makers.release(""))
    original = dict(manifest())
    monkeypatch.setattr("tutor.lab.tools.inventory.manifest", lambda: original | {"frob": good, "nix": bad})
    with layer.locked(paths.tools_layer()), pytest.raises(ToolError, match=r"Frob 1\.0\.0 could not be had"):
        install((bad, good), silent)
    assert find("frob")
    assert find("nix") is None


# -- with real Go: a module of one file that needs nothing, offered by a proxy that is a directory (go help goproxy)

_SOURCE = 'package main\n\nvar Mark = "plain"\n\nfunc main() { print(Mark) }\n'  # to standard error
_MODULE = "example.invalid/frob"


def _proxy(directory: Path) -> str:
    """A module proxy with the module; gives its sum as go.sum has it."""
    files = {"go.mod": f"module {_MODULE}\n\ngo 1.20\n", "main.go": _SOURCE}
    versions = directory / _MODULE / "@v"
    versions.mkdir(parents=True)
    (versions / "list").write_text("v1.0.0\n")
    (versions / "v1.0.0.info").write_text('{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}')
    (versions / "v1.0.0.mod").write_text(files["go.mod"])
    lines = ""
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        for name, text in sorted(files.items()):
            archive.writestr(f"{_MODULE}@v1.0.0/{name}", text)
            lines += f"{hashlib.sha256(text.encode()).hexdigest()}  {_MODULE}@v1.0.0/{name}\n"
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


@pytest.fixture
def module(makers: Makers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Only the source can be had."""
    if find_go() is None:
        pytest.skip("unsupported: no Go to build with")
    sum = _proxy(tmp_path / "proxy")
    monkeypatch.setenv("GOPROXY", (tmp_path / "proxy").as_uri())
    return Release("Frob", "1.0.0", "", _MODULE, sum, flags="-X main.Mark=built")


@pytest.mark.timeout(600)  # Go compiles its own runtime first
def test_it_is_built_from_source_where_it_cannot_be_fetched(module: Release) -> None:
    told: list[tuple[str, float | None]] = []
    _, path = obtain("frob", module, lambda stage, fraction: told.append((stage, fraction)))
    path.chmod(0o755)
    assert subprocess.run([path], capture_output=True, text=True, check=True).stderr == "built"
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == ["fetching the source of Frob 1.0.0", "building Frob 1.0.0 with Go, which takes minutes"]
    assert told[-1][1] is not None
    assert told[-1][1] > 0.5
    assert not (paths.cache() / "building/frob").exists()


def test_a_source_with_another_sum_is_not_built(module: Release, makers: Makers) -> None:
    other = Release("Frob", "1.0.0", "", _MODULE, f"h1:{'A' * 43}=", flags=module.flags)
    with pytest.raises(ToolError, match="is not the one that nettutor knows"):
        obtain("frob", other, silent)
    assert _programs() == []


def test_what_go_cannot_fetch_is_told_in_its_words(module: Release, makers: Makers) -> None:
    other = Release("Frob", "2.0.0", "", _MODULE, module.sum)
    with pytest.raises(ToolError, match=r"Go could not fetch it \(.*v2\.0\.0"):
        obtain("frob", other, silent)


@pytest.mark.timeout(600)
def test_ctrl_c_ends_the_build_and_cleans_up(module: Release) -> None:
    script = (
        "from tutor.lab.tools.inventory import Release; from tutor.lab.tools.release import obtain\n"
        f"release = Release('Frob', '1.0.0', '', {_MODULE!r}, {module.sum!r})\n"
        "obtain('frob', release, lambda *told: print(*told, flush=True))"
    )
    argv = [sys.executable, "-c", script]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while "building" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert not (paths.cache() / "building/frob").exists()
    assert _programs() == []


def test_go_is_found_where_it_is_usually_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    binary = tmp_path / "go/bin/go"
    binary.parent.mkdir(parents=True)
    shutil.copy("/bin/true", binary)
    assert find_go() is not None


def test_it_is_told_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    coredns, ping = manifest()["coredns"], manifest()["ping"]
    assert how_to_get([coredns]) == "nettutor tools install coredns"
    monkeypatch.setattr("tutor.lab.tools.apt.available", lambda: False)
    assert how_to_get([coredns]) == "nettutor tools install coredns"
    assert how_to_get([ping, coredns]).endswith("; then nettutor tools install coredns")


def test_the_manifest_names_releases_that_can_be_checked() -> None:
    for tool in manifest().values():
        if tool.release:
            assert tool.release.url.startswith("https://")
            assert tool.release.sum.startswith("h1:")
            assert {"amd64", "arm64"} <= set(tool.release.sha256)
            assert all(len(digest) == 64 for digest in tool.release.sha256.values())
