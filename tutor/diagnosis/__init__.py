"""Why packets do not arrive: a flow is walked over the facts of all places, there and back, to its first broken hop.

Pure. It knows the kernel's rules for links, bridges, ARP, routes, netfilter and sockets, and nothing of lessons, goals
or the lab; it reads no packet. Where a fact is missing, or a rule is beyond it, it says so instead of guessing.

``needed`` says what to read next, until it is satisfied: only what the walk comes by; ``diagnose`` walks. The want
``WayOf`` (``Flow`` in here) does all of this reading at once: its answer is a ``Way``, which ``follow`` walks.
"""

from tutor.diagnosis.needs import needed
from tutor.diagnosis.network import Network
from tutor.diagnosis.walk import diagnose, follow
from tutor.model.wants import WayOf as Flow
from tutor.model.why import Broken, CannotTell, Outcome, Works

__all__ = ["Broken", "CannotTell", "Flow", "Network", "Outcome", "Works", "diagnose", "follow", "needed"]
