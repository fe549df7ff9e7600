"""What Textual's terminal driver and key dispatch need so that a shell gets every key.

``ShellDriver`` reads the Alt keys that Textual's parser renames or loses. ``ShellKeys`` lets no priority binding
fire before a focused shell pane, but those of the keys that the app has reserved.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import _character_to_key

from tutor.tui.widgets.shell_pane import ShellPane

# These begin a longer sequence; alone they are told from one by the time-out.
_INTRODUCERS = "[OP]"
_CONTROL_NAMES = {"\r": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "ctrl+h", "\n": "ctrl+j", " ": "space"}


class ShellParser(XTermParser):
    """Escape and a character is Alt and that character (xterm: ``metaSendsEscape``), whichever it is."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if len(sequence) == 2 and sequence[0] == "\x1b" and sequence[1] not in _INTRODUCERS + "\x1b":
            yield events.Key(alt_key(sequence[1]), None)
        elif alt and len(sequence) == 1 and sequence != "\x1b":
            yield events.Key(alt_key(sequence), None)
        else:
            yield from super()._sequence_to_key_events(sequence, alt)


def alt_key(character: str) -> str:
    """Textual's name of Alt and ``character``; an upper case letter is Shift too."""
    if character in _CONTROL_NAMES:
        return f"alt+{_CONTROL_NAMES[character]}"
    if character < " ":
        return f"alt+ctrl+{_character_to_key(chr(ord(character) + 0x40).lower())}"
    if character.isupper():
        return f"alt+shift+{character.lower()}"
    return f"alt+{_character_to_key(character)}"


class ShellDriver(LinuxDriver):
    """Textual's driver for Linux terminals with ``ShellParser``. Give it to the app as ``driver_class``."""

    def run_input_thread(self) -> None:
        # The parser's class is a name of that module, looked up when this starts.
        vars(linux_driver)["XTermParser"] = ShellParser
        super().run_input_thread()


class ShellKeys(App[Any]):
    """Mix into the app, before ``App``."""

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        focused = self.focused
        if priority and isinstance(focused, ShellPane) and key not in focused.reserved_keys:
            return False
        return await super()._check_bindings(key, priority)
