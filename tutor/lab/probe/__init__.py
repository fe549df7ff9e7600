"""Read the lab: every want gets a fact, or the reason why there is none.

It reads and never changes: no sysctl, no rule, no route is set, and no socket outlives a reading. What its traffic
makes all by itself stays, as after anybody's ``ping``: ARP entries, learned FDB entries, connections in conntrack,
counters. A TCP port is tried by half a connection, which no program notices; a datagram is delivered to who listens,
and an HTTP request is served. Knows nothing of goals or of the screen; of the lab only ``Opener``.
"""

from tutor.lab.probe.opener import Opener
from tutor.lab.probe.reader import read

__all__ = [
    "Opener",
    "read",
]
