"""Questions about connections, and pages and names over both versions of IP, on the real kernel in both modes."""

from __future__ import annotations

from typing import Any

import pytest
from lab_modes import MODES, use_mode
from probe_lab import BLUE, HOST, LAN, RED, Bench
from traffic_lab import made, met, routed, settled, unknown, unmet

from tutor.model.facts import Facts
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict

FORWARDED = "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80"


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def answered(here: Bench, text: str, name: str, **parameters: Any) -> Verdict:
    """The verdict on what a learner typed."""
    check = made(name, **parameters)
    read = await here.lab.read(check.wants(), patience=0.5)
    return check.judge(Facts(read.read, {"asked": text}))


async def test_what_becomes_of_a_connection() -> None:
    async with routed() as here:
        question = {"goal": "asked", "from_": LAN, "to": "192.168.1.2", "port": 8080}

        async def right(*texts: str) -> None:
            for text in texts:
                verdict = await answered(here, text, "answer-connection", **question)
                assert isinstance(verdict, Met), (text, verdict)

        async def wrong(*texts: str) -> None:
            for text in texts:
                verdict = await answered(here, text, "answer-connection", **question)
                assert isinstance(verdict, Unmet), (text, verdict)
                assert verdict.layer is Layer.ANSWER

        await right("refused", "Connection refused.", "거부됩니다")
        await wrong("timed out", "connected", "", "perhaps")
        await here.sh(FORWARDED)
        await right("connected", "It is accepted", "연결", "받아들여집니다")
        await here.sh("iptables -A FORWARD -p tcp --dport 80 -j DROP")
        await right("timed out", "Timeout", "no answer", "시간 초과")
        await wrong("refused")
        lost = await answered(
            here, "refused", "answer-connection", goal="asked", from_=Place("nowhere"), to="192.168.1.2", port=1
        )
        assert isinstance(lost, Unknown)


async def test_for_which_port_it_arrives() -> None:
    async with routed() as here:
        question = {"goal": "asked", "from_": LAN, "to": "192.168.1.2", "port": 8080, "at": BLUE, "via": (HOST,)}
        early = await answered(here, "80", "answer-port-seen", **question)
        assert isinstance(early, Unmet)
        assert early.layer is Layer.NAT
        await here.sh(FORWARDED)
        assert isinstance(await answered(here, "port 80", "answer-port-seen", **question), Met)
        wrong = await answered(here, "8080", "answer-port-seen", **question)
        assert isinstance(wrong, Unmet)
        assert wrong.layer is Layer.ANSWER


async def test_pages_met_unmet_and_unknown() -> None:
    async with routed() as here:
        await settled(here)
        await met(here, "http", from_=RED, to="192.168.15.2", at=BLUE, contains="hello", as_="192.168.15.1")
        await met(here, "http", from_=RED, to="fd15::2", at=BLUE, contains="hello", as_="fd15::1")
        await unmet(here, Layer.SERVICE, "http", from_=RED, to="192.168.15.2", contains="bye")
        await unmet(here, Layer.SERVICE, "http", from_=RED, to="fd15::2", port=81, at=BLUE)
        await unmet(here, Layer.NAT, "http", from_=RED, to="192.168.15.2", at=BLUE, as_="192.168.15.5")
        elsewhere = await unmet(here, Layer.ADDRESS, "http", from_=RED, to="192.168.15.2", at=LAN)
        assert "nothing came to lan" in elsewhere
        await unknown(here, "http", from_=Place("nowhere"), to="192.168.15.2")
        await unknown(here, "no-http", from_=Place("nowhere"), to="192.168.15.2")
        await unmet(here, Layer.NAMESPACE, "http", from_=Place("host", "none"), to="192.168.15.2")
        await unmet(here, Layer.NAMESPACE, "no-arrival", from_=Place("host", "none"), to="192.168.15.2", at=BLUE)
