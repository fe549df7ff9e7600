"""The error messages of the tools, and what each means in plain words. The first that is found is told."""

from __future__ import annotations

from tutor.mistakes.links import CLASSIC, IP
from tutor.mistakes.message import Message
from tutor.mistakes.packets import ENGINES, RULES, TRAFFIC
from tutor.mistakes.shell import SHELL

MESSAGES: tuple[Message, ...] = (*SHELL, *IP, *CLASSIC, *RULES, *TRAFFIC, *ENGINES)
