"""What runs inside the lab: the launcher, pid 1 of the lab, and pid 1 of each machine.

These modules are executed by the system's own Python (3.9 or newer) started with ``-I -S``; they use the standard
library only, import nothing of nettutor but each other, and avoid its slow parts (``json``, ``socket``, ``signal``,
``typing``): every millisecond of import is paid at each start of a lab. They must not know lessons, verdicts or
the screen; they do what the outer side asks and pass file descriptors out.
"""
