"""A running lab, seen from outside: it boots, hands out what is born inside, and goes away without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket as sockets
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence

from tutor import paths
from tutor.errors import LabEnded, LabError
from tutor.i18n import tell
from tutor.lab import launch, plan, probe
from tutor.lab.channel import Channel, Message, close_all
from tutor.lab.diagnose import diagnose
from tutor.lab.furnish import furnish
from tutor.lab.inside import cgroups
from tutor.lab.machine import Completed, Machine, Terminal
from tutor.lab.watch import Watch
from tutor.model.containers import Docker
from tutor.model.facts import Facts
from tutor.model.place import Place
from tutor.model.topology import Topology
from tutor.model.wants import Want

_BOOT_TIME = 30.0
_END_TIME = 2.0


class Lab:
    """Made by ``boot``. All methods belong to the event loop that booted it.

    Those that name a machine raise ``KeyError`` where there is none of that name, and ``LabEnded`` when it died;
    those that take a place raise ``NamespaceGone`` (a ``FileNotFoundError``) where the machine has no such namespace.
    """

    def __init__(self, topology: Topology) -> None:
        loop = asyncio.get_running_loop()
        self.topology = topology
        self.ended: asyncio.Future[str] = loop.create_future()
        self._machines: dict[str, Machine] = {}
        self._wired: asyncio.Future[None] = loop.create_future()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Channel | None = None
        self._groups: list[str] = []
        self._watches: dict[Watch, asyncio.Task[None]] = {}

    @classmethod
    async def boot(cls, topology: Topology, *, home: Mapping[str, str] | None = None) -> Lab:
        """Build the machines of ``topology``, run their set-up lines, start their services; all are ready then.

        ``home``: files for /root of every machine, name -> text. ``LabError``, with the fix, when this computer cannot
        or a set-up line fails; then nothing is left behind.
        """
        lab = cls(topology)
        try:
            async with asyncio.timeout(_BOOT_TIME):
                await lab._build(home or {})
                await furnish(topology, lab._machines)
        except TimeoutError as error:
            await lab.close()
            raise LabError(tell("the lab did not start within {seconds:.0f} seconds", seconds=_BOOT_TIME)) from error
        except OSError as error:
            await lab.close()
            raise diagnose(error) from error
        except LabEnded as error:
            await lab.close()
            raise LabError(tell("the lab died while it started: {error}", error=error)) from error
        except BaseException:
            await lab.close()
            raise
        return lab

    async def _build(self, home: Mapping[str, str]) -> None:
        interpreter = launch.find_interpreter()
        layer = paths.tools_layer() / "usr"
        tools = str(layer) if layer.is_dir() else ""
        todo = plan.make(self.topology, home, tools=tools, prefix=interpreter.prefix, interpreter=interpreter.path)
        self._process, end = launch.start(todo, interpreter)
        self._control = Channel(end, "the lab", self._heard, self._control_ended)
        await self._wired
        for name, machine in self._machines.items():
            try:
                await machine.up
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{name}: {error.filename}") from error

    def machine_ended(self, machine: str) -> asyncio.Future[str]:
        """Resolves with the reason when that machine's pid 1 died, alone or with the lab."""
        return self._machines[machine].ended

    async def shell(self, machine: str, *, rows: int, columns: int, term: str = "xterm-256color") -> Terminal:
        """An interactive bash of the machine's root, on a new terminal."""
        return await self._machines[machine].shell(rows, columns, term)

    async def terminal(self, machine: str, argv: Sequence[str], *, rows: int, columns: int, term: str) -> Terminal:
        """``argv`` on a new terminal."""
        return await self._machines[machine].shell(rows, columns, term, argv)

    async def start(self, machine: str, argv: Sequence[str]) -> tuple[asyncio.Future[int], list[int]]:
        """``argv`` with pipes: the future of its exit status, and our ends of its standard input, output and error,
        which the caller closes."""
        return await self._machines[machine].start(argv, None)

    async def run(
        self,
        machine: str,
        argv: Sequence[str],
        *,
        netns: str | None = None,
        stdin: bytes = b"",
        timeout: float = 10,
    ) -> Completed:
        """A process without a terminal, heard to its end; ``TimeoutError`` (and its death) after that many seconds."""
        return await self._machines[machine].run(argv, netns, stdin, timeout)

    async def socket(self, place: Place, family: int, kind: int, proto: int = 0) -> sockets.socket:
        """A blocking socket of that network stack; it stays one of that stack wherever it is used."""
        return await self._machines[place.machine].socket(place, family, kind, proto)

    async def open(self, place: Place, path: str) -> int:
        """A descriptor of a file of the machine, read-only and non-blocking; no link leads out of the machine.

        Below /proc/sys/net and /proc/net it is the file of that namespace. It may be anything: look before reading.
        """
        return await self._machines[place.machine].open(place, path)

    async def namespaces(self, machine: str) -> tuple[str, ...]:
        """Sorted names of the network namespaces at /run/netns, and then ``docker:NAME`` of each container that has
        one of its own."""
        return await self._machines[machine].namespaces()

    async def docker(self, machine: str) -> Docker:
        """What the Docker engine of the machine says of itself. ``OSError`` where there is none that answers."""
        from tutor.lab import engine

        return await engine.docker(self._machines[machine])

    async def watch_namespaces(self, machine: str) -> int:
        """A non-blocking inotify(7) descriptor that is readable when a name came to or left /run/netns, or /run."""
        return await self._machines[machine].watch()

    async def hub(self, protocols: Sequence[int]) -> list[sockets.socket]:
        """Netlink sockets of these protocols in a new network namespace of nobody's, which lives as long as they do."""
        return await next(iter(self._machines.values())).hub(protocols)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back, from the loop, soon after anything changed in any network namespace: look again then."""
        watch = Watch(self, callback)
        starting = asyncio.get_running_loop().create_task(_start(watch))
        self._watches[watch] = starting

    async def read(self, wants: Collection[Want], *, patience: float = 0.5) -> Facts:
        """Answer every want; ``Unreadable`` where it cannot. Raises nothing for what the learner did.

        ``patience`` is how many seconds an echo reply is waited for.
        """
        return await probe.read(self, wants, patience=patience)

    async def close(self) -> None:
        """End the lab and everything in it. When this returns, none of its processes is left. May be called again."""
        for watch, starting in self._watches.items():
            starting.cancel()
            watch.close()
        self._watches.clear()
        for machine in self._machines.values():
            machine.close()
        if self._control is not None:
            self._control.close()
        self._end(tell("it was closed"))
        if self._process is not None:
            process, self._process = self._process, None
            await _wait_for(process)
        cgroups.remove(self._groups)  # where the launcher was killed before it could
        self._groups = []

    def _heard(self, message: Message, fds: list[int]) -> None:
        match message["event"]:
            case "machine":
                self._machines[message["name"]] = self._machine(message["name"], sockets.socket(fileno=fds[0]))
            case "guarded":
                self._groups = message["groups"]
            case "wired":
                self._wired.set_result(None)
            case "failed":
                if not self._wired.done():
                    self._wired.set_exception(OSError(message["errno"], message["reason"], message["place"]))
            case "machine-ended":
                self._machines[message["name"]].end(_reason(message["status"]))
            case _:
                close_all(fds)

    def _machine(self, name: str, end: sockets.socket) -> Machine:
        services = self.topology.machine(name).services
        return Machine(name, end, engine=any(service.kind == "docker" for service in services))

    def _control_ended(self) -> None:
        if not self._wired.done():
            self._wired.set_exception(LabError(tell("the lab's launcher died{words}", words=self._last_words())))
        self._end(tell("its first process was killed"))

    def _end(self, reason: str) -> None:
        for machine in self._machines.values():
            machine.end(f"the lab ended: {reason}")
        if not self.ended.done():
            self.ended.set_result(reason)

    def _last_words(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        fd = self._process.stderr.fileno()
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError):
            lines = os.read(fd, 1 << 16).decode("utf-8", "replace").strip().splitlines()
            return f": {lines[-1]}" if lines else ""
        return ""


async def _start(watch: Watch) -> None:
    """A lab that dies meanwhile says so elsewhere; without the watch, ticks come at command ends only."""
    with contextlib.suppress(OSError, LabEnded):
        await watch.start()


def _reason(status: int) -> str:
    """How a machine ended; reboot(2) in a pid namespace shows as SIGHUP (restart) or SIGINT (halt)."""
    reasons = {-signal.SIGHUP: "it was rebooted", -signal.SIGINT: "it was switched off"}
    return reasons.get(status, "its first process was killed" if status < 0 else "its first process ended")


async def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Until the launcher, which waits for the lab's pid 1, is gone; one that is stuck is killed."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    fd = os.pidfd_open(process.pid)
    loop.add_reader(fd, gone.set)
    try:
        await asyncio.wait_for(gone.wait(), _END_TIME)
    except TimeoutError:
        process.kill()
        await gone.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
