"""The lab: real machines on a real kernel, built without root, gone without a trace.

``Lab.boot`` starts the machines of a topology in namespaces of their own; shells, sockets and files are born inside
and used outside. The package must not know lessons, verdicts or the screen. What runs inside the lab is
``tutor.lab.inside``.
"""

from tutor.lab.channel import NamespaceGone
from tutor.lab.diagnose import diagnose
from tutor.lab.lab import Lab
from tutor.lab.machine import Completed, Terminal

__all__ = ["Completed", "Lab", "NamespaceGone", "Terminal", "diagnose"]
