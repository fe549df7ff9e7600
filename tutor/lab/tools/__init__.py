"""The programs a lab needs: which there are, and how to fetch or build those that this machine lacks, without root.

Fetched programs are a tree of their own, laid over ``/usr`` in the lab only; the host's ``/usr`` and its package
database are read and never written. Knows packages and files, no lab and no lesson.
"""

from tutor.lab.tools.apt import available as fetchable
from tutor.lab.tools.distribution import how_to_get, install_line
from tutor.lab.tools.installer import ensure, install
from tutor.lab.tools.inventory import Tool, find, manifest, missing
from tutor.lab.tools.progress import Progress, silent

__all__ = [
    "Progress",
    "Tool",
    "ensure",
    "fetchable",
    "find",
    "how_to_get",
    "install",
    "install_line",
    "manifest",
    "missing",
    "silent",
]
