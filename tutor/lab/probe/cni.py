"""What the CNI plugins keep on the disk of a machine."""

from __future__ import annotations

import os

from tutor.lab.probe.files import read_file
from tutor.lab.probe.opener import Opener
from tutor.model.cni import RESERVED, Reservations, ReservationsOf, reservation
from tutor.model.facts import Text, Unreadable
from tutor.model.place import Place
from tutor.model.wants import FileOf


async def read_reservations(opener: Opener, want: ReservationsOf) -> Reservations | Unreadable:
    """Raises what the opener raises."""
    folder = f"{RESERVED}/{want.network}"
    try:
        descriptor = await opener.open(Place(want.machine), folder)
    except (FileNotFoundError, NotADirectoryError):
        return Reservations(())
    try:
        names = [entry.name for entry in os.scandir(descriptor)]
    finally:
        os.close(descriptor)
    found = []
    for name in names:
        if reservation(name, "") is None:
            continue
        answer = await read_file(opener, FileOf(want.machine, f"{folder}/{name}"))
        if isinstance(answer, Unreadable):
            return answer
        assert isinstance(answer, Text)
        if (one := reservation(name, answer.text)) is not None:
            found.append(one)
    return Reservations(tuple(sorted(found, key=lambda one: (one.address.version, int(one.address)))))
