"""A real Chromium without a screen or a network, driven by the DevTools protocol over a pipe
(https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0
_FLAGS = (
    "--headless",
    "--no-sandbox",  # it is root in its own user namespace, and opens nothing but what the tests wrote
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
)
_TOLD = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening")


class Refused(AssertionError):
    """What was asked has no answer; among others when the page it was asked in has left."""


@dataclass
class Page:
    """What was seen of one page: ``requests`` are addresses, ``said`` whatever reached the console or popped up."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **parameters)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page, as JSON has it."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Asked again and again: a question that is open while the page is exchanged is refused, not answered."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(Refused):
                if self.ask(condition) is True:
                    return
            assert time.monotonic() < deadline, (condition, self)
            time.sleep(0.02)

    def look(self, *, width: int, height: int = 900, scheme: str = "light", media: str = "screen") -> None:
        mobile = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)


class Browser:
    """Closed like a file. It has a network namespace to itself, with nothing in it."""

    def __init__(self, folder: Path) -> None:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if path is None:
            pytest.skip("unsupported: there is no Chromium")
        ours, theirs = os.pipe(), os.pipe()
        reads, self._writes = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ours)
        self._reads, writes = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in theirs)
        for end in (*ours, *theirs):
            os.close(end)

        def connect() -> None:
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._process = subprocess.Popen(
            ["unshare", "-Urn", path, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "chromium.log").open("w"),
            env={**os.environ, "HOME": str(folder), "DBUS_SESSION_BUS_ADDRESS": "disabled:"},
            start_new_session=True,
            pass_fds=(3, 4),
            preexec_fn=connect,
        )
        os.close(reads)
        os.close(writes)
        self._buffer = b""
        self._number = 0
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._reads)
        os.close(self._writes)

    @contextlib.contextmanager
    def page(self, path: Path) -> Iterator[Page]:
        """A tab with a file in it, loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            page.call(f"{domain}.enable")
        page.look(width=1200)
        page.call("Page.navigate", url=path.resolve().as_uri())
        page.until("document.readyState === 'complete' && location.protocol === 'file:'")
        yield page
        self.call("Target.closeTarget", targetId=target)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            asked["sessionId"] = session
        os.write(self._writes, json.dumps(asked).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                if "error" in message:
                    raise Refused(method, message["error"])
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        page = self._pages.get(message.get("sessionId", ""))
        if page is None:
            return
        if message["method"] == "Network.requestWillBeSent":
            page.requests.append(message["params"]["request"]["url"])
        elif message["method"] in _TOLD:
            page.said.append(message)

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reads], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._reads, 1 << 20) if ready else b""
            assert data, "Chromium said nothing, or ended"
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(line))
