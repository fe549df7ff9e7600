"""A lab with Docker's engine on one machine, and another machine beside it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from lab_modes import running
from probe_lab import Bench, machine

from tutor import paths
from tutor.model.topology import ServiceSpec, Topology

ENGINE = Topology(
    (machine("host", "192.168.1.2/24", services=[ServiceSpec("docker")]), machine("lan", "192.168.1.3/24"))
)


def needs_docker() -> None:
    for program in ("dockerd", "runc", "iptables", "nginx", "busybox"):
        if not shutil.which(program, path="/usr/sbin:/usr/bin") and not list(
            paths.tools_layer().glob(f"usr/*bin/{program}")
        ):
            pytest.skip(f"unsupported: {program} is not installed")


@asynccontextmanager
async def with_docker() -> AsyncIterator[Bench]:
    async with running(ENGINE) as lab:
        yield Bench(lab)
