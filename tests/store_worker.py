"""A process that records progress for ever, and writes down what it was told is done. It is there to be killed
(``victims``)."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from tutor.store import Store


def work(path: str, acknowledged: str, seed: int) -> None:
    """A new attempt of its own; each line that is acknowledged is ``SEED NUMBER``."""
    log = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with Store.open(Path(path)) as store:
        attempt = store.begin("nat", seed=seed)
        os.write(log, f"{seed} begun\n".encode())
        for number in itertools.count():
            store.record_command(attempt, "a", "host", f"echo {number}", 0)
            os.write(log, f"{seed} {number}\n".encode())
