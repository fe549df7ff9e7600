"""Markdown is painted as lines that fit, with nothing in it that acts."""

from __future__ import annotations

from collections import Counter

import pytest
import tui_values as values
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.tui.prose import Section, Tone, paint
from tutor.tui.theme import DARK, LIGHT, Palette

PALETTE = Palette.of(DARK)


def painted(markdown: str, width: int = 60, tone: Tone = Tone.PROSE) -> list[str]:
    content, _ = paint((Section(tone, "", markdown),), width, PALETTE)
    return [row.rstrip() for row in content.plain.split("\n")]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(1, 120), st.sampled_from(list(Tone)))
def test_any_text_fits_any_width(text: str, width: int, tone: Tone) -> None:
    content, starts = paint((Section(tone, text[:20], text), Section(tone, "", code=text)), width, PALETTE)
    assert len(starts) == 2
    assert all(cell_len(row) <= max(width, 2) for row in content.plain.split("\n"))


@settings(max_examples=20, deadline=None)
@given(st.integers(8, 200))
def test_a_step_fits_any_width(width: int) -> None:
    content, _ = paint((Section(Tone.PROSE, "3. A cable", values.BODY),), width, PALETTE)
    assert all(cell_len(row) <= width for row in content.plain.split("\n"))


def test_nothing_of_a_table_of_wide_characters_is_cut_off() -> None:
    said = "8080을 컨테이너의 80으로 바꾸기"
    table = f"| 하는 일 | 있는 곳 |\n|---|---|\n| {said} | 테이블 `nat`, 체인 `DOCKER`, PREROUTING과 OUTPUT에서 |\n"
    for width in range(24, 100):
        shown = Counter("".join(painted(table, width)))
        assert "…" not in shown
        assert Counter(said.replace(" ", "")) <= shown, width


def test_no_word_of_a_table_is_broken_where_all_have_room() -> None:
    table = "| to | iptables | nft |\n|---|---|---|\n"
    table += "| let answers pass | `-m conntrack --ctstate ESTABLISHED` | `ct state established` |\n"
    for width in range(38, 100):
        assert set(table.replace("`", "").split()) - {"|", "|---|---|---|"} <= set(
            " ".join(painted(table, width)).split()
        )


def test_a_table_stands_where_a_paragraph_would() -> None:
    rows = painted("before\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nafter")
    assert rows == ["before", "", "a  b", "────", "1  2", "", "after"]


def test_korean_fits_by_cells() -> None:
    text = painted("네트워크 네임스페이스는 링크, 주소, 라우팅 테이블을 따로 가집니다. " * 5, width=21)
    assert all(cell_len(row) <= 21 for row in text)


@pytest.mark.parametrize("text", ["[@click=app.leave]go[/]", "[/foo]", "[bold", "{{ x }}", ":smile:"])
def test_markup_is_text(text: str) -> None:
    assert painted(text) == [text]


def test_html_in_prose_is_read_not_obeyed() -> None:
    assert painted("see <name> there") == ["see <name> there"]


def test_a_link_shows_where_it_leads_and_is_not_one() -> None:
    content, _ = paint((Section(Tone.PROSE, "", "[here](https://example.org/)"),), 60, PALETTE)
    assert content.plain.strip() == "here (https://example.org/)"
    assert "link" not in repr(content.spans)


def test_a_long_command_goes_on_further_in() -> None:
    rows = painted("```bash\nip link add veth-red type veth peer name veth-blue\n```", width=30)
    assert rows == ["  ip link add veth-red type", "  ↪ veth peer name veth-blue"]


def test_escapes_in_code_are_signs() -> None:
    assert painted("```\na\x1b[31mb\n```") == ["  a␛[31mb"]


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_contrast_is_enough(theme: object) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5:1."""
    assert theme in (DARK, LIGHT)
    look = DARK if theme is DARK else LIGHT
    palette, ground = Palette.of(look), look.surface or ""
    for colour in (
        palette.text,
        palette.muted,
        palette.strong,
        palette.heading,
        palette.code,
        palette.hint,
        palette.done,
    ):
        assert _contrast(colour, ground) >= 4.5, colour
    for colour in (palette.code, palette.muted, palette.text):
        assert _contrast(colour, palette.code_ground) >= 4.5, colour
    for accent in (look.error, look.success, look.primary):
        assert _contrast(accent or "", look.background or "") >= 4.5, accent
