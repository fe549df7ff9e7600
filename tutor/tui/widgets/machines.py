"""The shells of the lesson's machines: one is seen, the others go on behind their tabs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.i18n import _, tell
from tutor.inert import line
from tutor.tui.messages import MachineChosen

if TYPE_CHECKING:
    from tutor.term import Shell
    from tutor.tui.widgets.shell_pane import ShellPane


class Tabs(Widget):
    """The names of the machines; the one that is seen stands out by brackets as well as by colour."""

    DEFAULT_CSS = """
    Tabs { height: 1; background: $panel; text-wrap: nowrap; }
    """
    ALLOW_SELECT = False
    names: reactive[tuple[str, ...]] = reactive(())
    current: reactive[str] = reactive("")
    ended: reactive[frozenset[str]] = reactive(frozenset[str]())
    active: reactive[bool] = reactive(True)

    def render(self) -> Content:
        parts: list[Content] = []
        for index, name in enumerate(self.names):
            label = line(name) + (" " + _("(ended)") if name in self.ended else "")
            here = name == self.current
            style = (
                ("bold reverse $primary" if self.active else "bold underline $foreground") if here else "$text-muted"
            )
            text = f"▌{label}▐" if here and not self.active else f" {label} "
            parts.append(Content.styled(text, style).stylize(Style.from_meta({"tab": index})))
        return Content(" ").join(parts).truncate(self.content_size.width, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        index = event.style.meta.get("tab")
        if isinstance(index, int) and index < len(self.names):
            self.post_message(MachineChosen(self.names[index]))


class _Waiting(Widget):
    """What is going on while there are no shells."""

    DEFAULT_CSS = "_Waiting { height: auto; padding: 1 2; color: $text-muted; }"
    text: reactive[str] = reactive("", layout=True)

    def __init__(self, text: str) -> None:
        super().__init__(id="waiting")
        self.set_reactive(_Waiting.text, text)

    def say(self, text: str) -> None:
        self.text = text

    def render(self) -> Content:
        return Content(line(self.text))


def _panes(shells: Iterable[str], seen: str) -> dict[str, ShellPane]:
    from tutor.tui.widgets.shell_pane import ShellPane

    class Pane(ShellPane):
        reserved_keys = frozenset[str]()  # the screen's own bindings come first anyway, and F12 quotes them

    return {name: Pane(name=name, classes="-seen" if name == seen else None) for name in shells}


class Machines(Widget):
    """Tabs and shell panes. Before the lab is up it says so in the place of the shell."""

    DEFAULT_CSS = """
    Machines { layout: vertical; background: $shell; }
    Machines > ShellPane { height: 1fr; display: none; background: $shell; color: $foreground; }
    Machines > ShellPane.-seen { display: block; }
    """

    def __init__(self, names: Sequence[str], shells: Mapping[str, Shell], *, id: str | None = None) -> None:
        """``shells`` are those that are there already, of all the machines or of none."""
        super().__init__(id=id)
        self.names = tuple(names)
        self.current = self.names[0] if self.names else ""
        self._panes: dict[str, ShellPane] = {}
        self._shells = dict(shells)

    def compose(self) -> ComposeResult:
        tabs = Tabs()
        tabs.set_reactive(Tabs.names, self.names)
        tabs.set_reactive(Tabs.current, self.current)
        yield tabs
        if self._shells:
            self._panes = _panes(self._shells, self.current)
            yield from self._panes.values()
        else:
            yield _Waiting(tell("Starting the lab …"))

    def on_mount(self) -> None:
        for name, pane in self._panes.items():
            pane.attach(self._shells[name])

    @property
    def pane(self) -> ShellPane | None:
        """The shell that is seen."""
        return self._panes.get(self.current)

    def say(self, text: str) -> None:
        """In place of the shells, until some are attached: what is going on."""
        waiting = self.query("#waiting")
        if waiting:
            waiting.first(_Waiting).say(text)

    async def attach(self, shells: Mapping[str, Shell]) -> None:
        """Show these shells in place of whatever was there; those that are there already stay."""
        if self._panes and self._shells == dict(shells):
            return
        await self._clear()
        self._shells = dict(shells)
        tabs = self.query_one(Tabs)
        self.names = tabs.names = tuple(shells)
        tabs.ended = frozenset()
        if self.current not in shells:
            self.current = self.names[0] if self.names else ""
        tabs.current = self.current
        self._panes = panes = _panes(shells, self.current)
        await self.mount_all(panes.values())
        for name, shell in shells.items():
            panes[name].attach(shell)

    async def detach(self, text: str) -> None:
        """Take the shells away, and say why."""
        if self._panes or not self.query("#waiting"):
            await self._clear()
            await self.mount(_Waiting(text))
        self.say(text)

    async def _clear(self) -> None:
        panes, self._panes = self._panes, {}
        for pane in panes.values():
            await pane.remove()
        await self.query("#waiting").remove()

    def interrupted(self, text: str) -> None:
        """No shell goes on: say why at the bottom of each."""
        for pane in self._panes.values():
            pane.notice = text

    def reattach(self, shell: Shell, machine: str) -> None:
        """A new shell took the place of one that ended."""
        self._shells[machine] = shell
        if pane := self._panes.get(machine):
            pane.attach(shell)
        tabs = self.query_one(Tabs)
        tabs.ended -= {machine}

    def mark_ended(self, machine: str) -> None:
        tabs = self.query_one(Tabs)
        tabs.ended |= {machine}

    @property
    def ended(self) -> frozenset[str]:
        return self.query_one(Tabs).ended

    def choose(self, machine: str) -> None:
        """See the shell of ``machine``."""
        if machine not in self.names:
            return
        self.current = machine
        self.query_one(Tabs).current = machine
        for name, pane in self._panes.items():
            pane.set_class(name == machine, "-seen")

    def next(self) -> None:
        """See the shell of the next machine; nothing happens while there is none yet."""
        if self._panes:
            self.choose(self.names[(self.names.index(self.current) + 1) % len(self.names)])
