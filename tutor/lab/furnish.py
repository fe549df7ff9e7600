"""After the network stands: the set-up lines of each machine, then its services."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.lab import services
from tutor.lab.channel import NamespaceGone, close_all
from tutor.lab.machine import Machine
from tutor.model.place import Place
from tutor.model.topology import MachineSpec, ServiceSpec, Topology

_LINE_TIME = 20.0
_LISTEN_TIME = 10.0
_PAUSE = 0.004
# One shell runs all lines, so that a variable or a directory lasts; at the end it tells how far it came.
_RUNNER = """
exec 3>&1 1>&2
number=0
trap 'echo $number >&3' EXIT
for line do
    number=$((number + 1))
    eval "$line" || exit
done
"""


async def furnish(topology: Topology, machines: Mapping[str, Machine]) -> None:
    """Machine by machine in the order of the file; returns when every service listens. ``LabError``: what failed."""
    for spec in topology.machines:
        if spec.setup:
            await _set_up(spec, machines[spec.name])
    started = [(spec, service) for spec in topology.machines for service in spec.services]
    await asyncio.gather(*(_serve(machines[spec.name], spec, service) for spec, service in started))


async def _set_up(spec: MachineSpec, machine: Machine) -> None:
    try:
        done = await machine.run(["bash", "-c", _RUNNER, "sh", *spec.setup], None, b"", _LINE_TIME)
    except TimeoutError:
        raise LabError(
            tell("set-up of {machine} did not end within {seconds:.0f} seconds", machine=spec.name, seconds=_LINE_TIME)
        ) from None
    if done.status:
        number = done.stdout.split()[-1:] or [b"1"]
        line = spec.setup[int(number[0]) - 1] if number[0].isdigit() else spec.setup[0]
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.status}"]
        word = next((word for word in reversed(words) if "error" in word.lower()), words[-1])
        raise LabError(tell("set-up of {machine} failed at `{line}`: {word}", machine=spec.name, line=line, word=word))


async def _serve(machine: Machine, spec: MachineSpec, service: ServiceSpec) -> None:
    daemon = services.daemon(spec, service)
    for program in daemon.programs or (daemon.program,):
        if await machine.find(program) is None:
            raise LabError(tell("{machine} needs {program}, which is not here", machine=spec.name, program=program),
                           tell("Run `nettutor tools install {program}`", program=daemon.program))  # fmt: skip
    place = Place(spec.name, service.netns)
    try:
        if await _listens(machine, place, daemon):
            raise LabError(
                tell(
                    "port {port} of {place} is taken already, {program} cannot listen there",
                    port=daemon.port,
                    place=place,
                    program=daemon.program,
                )
            )
        for path, text in daemon.files.items():
            await machine.put(path, text)
        exited, fds = await machine.start(daemon.argv, service.netns)
    except NamespaceGone as error:
        raise LabError(
            tell(
                "{machine} has no namespace {netns} for its {kind} service",
                machine=spec.name,
                netns=service.netns,
                kind=service.kind,
            )
        ) from error
    try:
        async with asyncio.timeout(_LISTEN_TIME):
            while not await _listens(machine, place, daemon):
                if exited.done():
                    raise LabError(
                        tell(
                            "{program} on {machine} ended at once: {words}",
                            program=daemon.program,
                            machine=spec.name,
                            words=_words(fds[2]),
                        )
                    )
                await asyncio.sleep(_PAUSE)
        if daemon.after:
            await _prepare(machine, spec, daemon, exited, fds[2])
    except TimeoutError:
        where = daemon.socket or f"port {daemon.port}"
        raise LabError(
            tell(
                "{program} on {machine} does not listen on {where}: {words}",
                program=daemon.program,
                machine=spec.name,
                where=where,
                words=_words(fds[2]),
            )
        ) from None
    finally:
        close_all(fds)


async def _prepare(
    machine: Machine, spec: MachineSpec, daemon: services.Daemon, exited: asyncio.Future[int], errors: int
) -> None:
    """Run the command that comes ``after``; ``TimeoutError``, or ``LabError`` with what it or the daemon said."""
    done = await machine.run(daemon.after, None, b"", _LINE_TIME)
    if done.status:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit status {done.status}"]
        words = _words(errors) if exited.done() else said[0]
        raise LabError(
            tell(
                "{program} on {machine} could not be made ready: {words}",
                program=daemon.program,
                machine=spec.name,
                words=words,
            )
        )


async def _listens(machine: Machine, place: Place, daemon: services.Daemon) -> bool:
    if daemon.socket:
        try:
            (await machine.connect(daemon.socket)).close()
        except OSError:
            return False
        return True
    for path in services.tables(daemon.protocol):
        try:
            fd = await machine.open(place, path)
        except NamespaceGone:
            raise
        except FileNotFoundError:
            continue  # no IPv6 here
        with os.fdopen(fd, encoding="ascii") as file:
            if services.listens(file.read(), daemon.protocol, daemon.port, daemon.address):
                return True
    return False


def _words(fd: int) -> str:
    """The last line of what it said."""
    os.set_blocking(fd, False)
    try:
        lines = os.read(fd, 1 << 16).decode("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"
