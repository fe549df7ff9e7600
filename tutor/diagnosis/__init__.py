"""Why packets do not arrive: a flow is walked over the facts of all places, there and back, to its first broken hop.

Pure. It knows the kernel's rules for links, bridges, ARP, routes, netfilter and sockets, and nothing of lessons, goals
or the lab; it reads no packet. Where a fact is missing, or a rule is beyond it, it says so instead of guessing.

``wants`` says what to read, in two rounds (the second needs the names of the namespaces); ``diagnose`` walks.
"""

from tutor.diagnosis.network import Network, first_wants, wants
from tutor.diagnosis.outcome import Broken, CannotTell, Flow, Outcome, Works
from tutor.diagnosis.walk import diagnose

__all__ = ["Broken", "CannotTell", "Flow", "Network", "Outcome", "Works", "diagnose", "first_wants", "wants"]
