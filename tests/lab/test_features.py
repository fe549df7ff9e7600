"""Kernel features are proved by doing."""

from __future__ import annotations

import pytest

from tutor.errors import LabError
from tutor.lab import features


async def test_what_the_lessons_need_works_here() -> None:
    found = {feature.name: feature for feature in await features.try_features()}
    assert set(found) == set(features.NAMES)
    for name in ("veth", "bridge", "nat", "iptables", "overlay"):
        assert found[name].works, found[name]
    for feature in found.values():
        assert feature.works or (feature.detail and feature.fix)
    await features.require(["veth", "bridge"])


async def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = {**features._TRIALS, "veth": ("ip link add f0 type no_such_kind", "no_such_module")}
    monkeypatch.setattr(features, "_TRIALS", trials)
    with pytest.raises(LabError, match=r"cannot do veth .*Unknown device type.*modprobe no_such_module"):
        await features.require(["veth"])
