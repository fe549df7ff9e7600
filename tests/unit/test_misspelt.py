"""Near words, and remarks that must not be made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.content import load
from tutor.mistakes import Words, remark, words_of
from tutor.mistakes.spelling import nearest, slip

WORDS = Words()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("iptable", "iptables"), ("iP", "ip"), ("birdge", "bridge"), ("beth", "veth"), ("adr", "addr"), ("rde", "red")],
)
def test_one_edit_is_a_slip(typed: str, meant: str) -> None:
    assert slip(typed, meant)
    assert slip(meant, typed)


@pytest.mark.parametrize(
    ("typed", "meant"), [("iptabl", "iptables"), ("veth", "veth"), ("ip", "route"), ("eth1", "eth0"), ("dab", "add")]
)
def test_more_than_one_is_none(typed: str, meant: str) -> None:
    assert not slip(typed, meant)


@given(st.text("abc-", max_size=6), st.text("abc-", max_size=6))
def test_a_slip_goes_both_ways(one: str, other: str) -> None:
    assert slip(one, other) == slip(other, one)


def test_what_is_known_is_not_corrected() -> None:
    assert nearest("veth", ("beth", "veth")) is None
    assert nearest("route", ("router",)) == "router"


def test_a_kind_of_socket_that_the_kernel_does_not_have_is_nobodys_mistake() -> None:
    output = "RTNETLINK answers: Invalid argument\n"
    assert remark("ss -an | grep 2381", 1, output, WORDS) is None
    assert remark("ip link set eth0 mtu 1", 1, output, WORDS) is not None


def test_a_command_that_went_well_is_not_remarked_on() -> None:
    assert remark("cat notes", 0, "RTNETLINK answers: File exists\n", WORDS) is None
    assert remark("ip lnik", 0, "", WORDS) is None


def test_one_that_was_interrupted_is_not_misspelt() -> None:
    assert remark("ping reed", 130, "^C", Words(names=frozenset(("red",)))) is None


def test_escape_sequences_do_not_hide_a_message() -> None:
    said = remark("ip x", 2, "\x1b[31mRTNETLINK answers: \x1b[0mFile exists\r\n", WORDS)
    assert said is not None
    assert str(said.sentences[0]).startswith("It is there already")


@given(st.text(max_size=80), st.text(max_size=200))
def test_whatever_is_typed_and_printed_can_be_looked_at(command: str, output: str) -> None:
    remark(command, 1, output, WORDS)


def test_a_word_between_backquotes_stays_there() -> None:
    said = remark("ip -n x link", 255, 'Cannot open network namespace "a`b": No such file or directory', WORDS)
    assert said is not None
    assert "`a'b`" in str(said.sentences[0])


def test_the_words_of_a_lesson_are_those_of_its_machines_and_solutions() -> None:
    words = words_of(load("namespaces"))
    assert {"red", "blue", "veth-red", "eth0", "lo", "host"} <= words.names
    assert {"ip", "unshare", "ifconfig"} <= words.programs
    assert not {"192.168.15.1/24", "-c", "24"} & words.names
