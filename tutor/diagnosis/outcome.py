"""How a walk ends early."""

from __future__ import annotations

from tutor.model.why import Broken, CannotTell


class Stop(Exception):
    """The walk ends here; inside this package only."""

    def __init__(self, outcome: Broken | CannotTell) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def unsure(why: str) -> Stop:
    return Stop(CannotTell(why))
