"""What the validators say of Docker, on its real engine: met, unmet with the right layer, unknown, and under noise."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from docker_lab import needs_docker, with_docker
from lab_modes import MODES, use_mode
from probe_lab import HOST, LAN, Bench

from tutor.model.facts import Facts
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.validators.docker import ContainerGone, ContainerPage, ContainerRuns, NetworkExists, PortPublished
from tutor.validators.docker_answers import (
    BridgeOf,
    ContainerAddress,
    ContainerPeer,
    ContainerVeth,
    HostPort,
    NetworkCount,
    RuleChain,
    RulePackets,
    RuleTarget,
)
from tutor.validators.registry import GoalId

ASKED = GoalId("asked")
NOISE = """
docker network create noise --subnet 172.30.0.0/16
docker run -d --name web-2 --network noise -p 8081:80 nginx
docker run -d --name shares --network container:web-2 busybox sleep 1000
docker create --name never nginx
ip netns add web; ip link add docker1 type bridge
iptables -t nat -I PREROUTING -p tcp --dport 9999 -j DNAT --to-destination 172.17.0.99:9999
"""


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    needs_docker()
    use_mode(request.param, monkeypatch)
    return str(request.param)


async def judged(here: Bench, check: Check, answer: str = "") -> Verdict:
    read = (await here.lab.read(check.wants())).read
    return check.judge(Facts(read, {ASKED: answer}))


async def is_met(here: Bench, check: Check, answer: str = "") -> bool:
    return isinstance(await judged(here, check, answer), Met)


async def why_unmet(here: Bench, check: Check, answer: str = "") -> tuple[Layer, str]:
    verdict = await judged(here, check, answer)
    assert isinstance(verdict, Unmet), verdict
    return verdict.layer, verdict.observed


async def test_networks() -> None:
    async with with_docker() as here:
        shop = NetworkExists("shop", HOST, driver="bridge", subnet=ip_network("172.20.0.0/16"))
        assert await why_unmet(here, shop) == (
            Layer.SERVICE, "there is no network shop, only bridge, host and none",
        )  # fmt: skip
        await here.sh(NOISE + "docker network create shop --subnet 172.21.0.0/16")
        assert await why_unmet(here, shop) == (Layer.ADDRESS, "its subnet is 172.21.0.0/16, not 172.20.0.0/16")
        assert (await why_unmet(here, NetworkExists("none", HOST, driver="bridge")))[0] is Layer.SERVICE
        await here.sh("docker network rm shop; docker network create shop --subnet 172.20.0.0/16")
        assert await is_met(here, shop)
        assert await is_met(here, NetworkExists("bridge", HOST, driver="bridge"))
        assert await is_met(here, NetworkCount(ASKED, HOST), "five")
        assert await is_met(here, BridgeOf(ASKED, "bridge", HOST), "docker0")
        link = (await here.sh("ip -o link show type bridge | grep -o 'br-[0-9a-f]*' | tail -n 1")).strip()
        assert await is_met(here, BridgeOf(ASKED, "shop", HOST), link)
        assert (await why_unmet(here, BridgeOf(ASKED, "shop", HOST), "docker0"))[0] is Layer.ANSWER
        assert (await why_unmet(here, BridgeOf(ASKED, "none", HOST), "docker0"))[0] is Layer.LINK


async def test_containers() -> None:
    async with with_docker() as here:
        web = ContainerRuns("web", HOST, image="nginx", network="bridge")
        gone = ContainerGone("web", HOST)
        assert await why_unmet(here, web) == (Layer.SERVICE, "there is no container web")
        assert await is_met(here, gone)
        await here.sh(NOISE + "docker create --name web nginx")
        assert await why_unmet(here, web) == (Layer.SERVICE, "web is there, but does not run")
        assert await why_unmet(here, gone) == (Layer.SERVICE, "web is stopped, but still there")
        await here.sh("docker start web")
        assert await is_met(here, web)
        assert await is_met(here, ContainerRuns("web-2", HOST, image="nginx:latest", network="noise"))
        assert await why_unmet(here, gone) == (Layer.SERVICE, "web still runs")
        assert await why_unmet(here, ContainerRuns("web", HOST, image="busybox")) == (
            Layer.SERVICE, "web was started from nginx, not busybox",
        )  # fmt: skip
        assert await why_unmet(here, ContainerRuns("web", HOST, network="none")) == (
            Layer.LINK, "web is connected to bridge",
        )  # fmt: skip
        await here.sh("docker run -d --name alone --network none nginx")
        assert await is_met(here, ContainerRuns("alone", HOST, network="none"))
        await here.sh("docker rm -f web")
        assert await is_met(here, gone)


async def test_addresses_and_cables() -> None:
    async with with_docker() as here:
        address, veth = ContainerAddress(ASKED, "web", HOST), ContainerVeth(ASKED, "web", HOST)
        assert (await why_unmet(here, address, "172.17.0.2"))[0] is Layer.SERVICE
        assert await why_unmet(here, veth, "veth1") == (Layer.SERVICE, "no container web is running")
        await here.sh(NOISE + "docker run -d --name web nginx; docker run -d --name alone --network none nginx")
        said = (await here.sh("docker inspect -f '{{.NetworkSettings.IPAddress}}' web")).strip()
        assert await is_met(here, address, said)
        assert await why_unmet(here, address, "172.17.0.1") == (Layer.ANSWER, "your answer was 172.17.0.1")
        assert await is_met(here, ContainerAddress(ASKED, "alone", HOST), "none")
        assert await is_met(here, ContainerAddress(ASKED, "web-2", HOST, network="noise"), "172.30.0.2/16")
        number = (await here.sh("docker exec web cat /sys/class/net/eth0/iflink")).strip()
        name = (await here.sh(f"ip -o link | sed -n 's/^{number}: \\([^@]*\\)@.*/\\1/p'")).strip()
        assert name.startswith("veth")
        assert await is_met(here, veth, f"{name}@if5:")
        peer = ContainerPeer(ASKED, "web", HOST)
        assert await is_met(here, peer, number)
        assert await is_met(here, peer, f"eth0@if{number}:")
        assert (await why_unmet(here, peer, str(int(number) + 1)))[0] is Layer.ANSWER
        assert (await why_unmet(here, ContainerPeer(ASKED, "alone", HOST), number))[0] is Layer.LINK
        assert (await why_unmet(here, veth, "docker0"))[0] is Layer.ANSWER
        assert (await why_unmet(here, ContainerVeth(ASKED, "alone", HOST), name))[0] is Layer.LINK


async def test_pages_of_containers() -> None:
    async with with_docker() as here:
        page = ContainerPage(HOST, "web", HOST)
        assert (await why_unmet(here, page))[0] is Layer.SERVICE
        await here.sh(NOISE + "docker run -d --name web nginx; docker run -d --name db busybox sleep 1000; sleep 0.3")
        db = Place("host", "docker:db")
        assert await is_met(here, page)
        assert await is_met(here, ContainerPage(db, "web", HOST, network="bridge"))
        assert (await why_unmet(here, ContainerPage(HOST, "db", HOST)))[0] is Layer.SERVICE
        assert (await why_unmet(here, ContainerPage(LAN, "web", HOST)))[0] is Layer.ROUTE
        assert (await why_unmet(here, ContainerPage(db, "web-2", HOST)))[0] is Layer.FILTER, "networks are kept apart"
        assert (await why_unmet(here, ContainerPage(HOST, "web", HOST, network="noise")))[0] is Layer.ADDRESS
        await here.sh("ip route add 172.17.0.0/16 via 192.168.1.2", LAN)
        assert (await why_unmet(here, ContainerPage(LAN, "web", HOST)))[0] is Layer.FILTER, "Docker forwards nothing"
        port = f"if{(await here.sh('docker exec web cat /sys/class/net/eth0/iflink')).strip()}"
        await here.sh(f"ip link set {port} down")
        layer, observed = await why_unmet(here, page)
        assert layer is Layer.LINK
        assert observed.endswith("the other end of its eth0, is down")
        await here.sh(f"ip link set {port} up nomaster")
        assert (await why_unmet(here, page))[0] is Layer.LINK
        await here.sh(f"ip link set {port} master docker0; docker network connect noise web")
        assert await is_met(here, ContainerPage(Place("host", "docker:web-2"), "web", HOST)), "at any of its addresses"
        await here.sh("docker rm -f db")
        assert await why_unmet(here, ContainerPage(db, "web", HOST)) == (Layer.SERVICE, "no container db is running")


async def test_the_counter_of_a_rule() -> None:
    async with with_docker() as here:
        await here.sh("docker run -d --name web -p 8080:80 nginx; sleep 0.3")
        counted = RulePackets(ASKED, 8080, HOST)
        assert await is_met(here, counted, "none")
        await here.sh("for i in 1 2 3; do curl -s 192.168.1.2:8080; done", LAN)
        assert await is_met(here, counted, "3 packets")
        assert (await why_unmet(here, counted, "0"))[0] is Layer.ANSWER
        assert (await why_unmet(here, RulePackets(ASKED, 8081, HOST), "3"))[0] is Layer.NAT


async def test_published_ports() -> None:
    async with with_docker() as here:
        port = PortPublished(8080, 80, HOST, container="web", source=LAN, target=ip_address("192.168.1.2"))
        chain, target = RuleChain(ASKED, 8080, HOST), RuleTarget(ASKED, 8080, HOST)
        assert (await why_unmet(here, port))[0] is Layer.SERVICE
        assert await why_unmet(here, chain, "DOCKER") == (Layer.NAT, "no rule rewrites port 8080")
        await here.sh(NOISE + "docker run -d --name web nginx")
        assert await why_unmet(here, port) == (Layer.NAT, "nothing is published")
        await here.sh("docker rm -f web; docker run -d --name web -p 8000:80 nginx")
        assert await why_unmet(here, port) == (Layer.NAT, "published is 8000:80")
        await here.sh("docker rm -f web; docker run -d --name web -p 8080:8080 nginx")
        assert await why_unmet(here, port) == (Layer.NAT, "published is 8080:8080")
        await here.sh("docker rm -f web; docker run -d --name web -p 8080:80 nginx; sleep 0.3")
        assert await is_met(here, port)
        assert await is_met(here, HostPort(ASKED, "web", 80, HOST), "8080")
        assert await is_met(here, chain, "the DOCKER chain")
        assert (await why_unmet(here, chain, "PREROUTING"))[0] is Layer.ANSWER
        address = (await here.sh("docker inspect -f '{{.NetworkSettings.IPAddress}}' web")).strip()
        assert await is_met(here, target, f"{address}:80")
        assert (await why_unmet(here, target, f"{address}:8080"))[0] is Layer.ANSWER
        await here.sh("iptables -I DOCKER-USER -p tcp --dport 80 -i eth0 -j DROP")
        assert (await why_unmet(here, port))[0] is Layer.FILTER
        await here.sh("iptables -D DOCKER-USER 1; iptables -t nat -F DOCKER")
        assert await is_met(here, port), "docker-proxy carries it alone"
        await here.sh("pkill docker-proxy; sleep 0.2")
        assert (await why_unmet(here, port))[0] is Layer.NAT


async def test_without_an_engine_nothing_is_known() -> None:
    async with with_docker() as here:
        await here.sh("docker run -d --name web -p 8080:80 nginx; pkill -KILL dockerd; sleep 0.1")
        checks: list[Check] = [
            NetworkExists("bridge", HOST), ContainerRuns("web", HOST), ContainerGone("web", HOST),
            PortPublished(8080, 80, HOST), NetworkCount(ASKED, HOST), ContainerAddress(ASKED, "web", HOST),
        ]  # fmt: skip
        for check in checks:
            verdict = await judged(here, check, "3")
            assert isinstance(verdict, Unknown), verdict
            assert "does not answer" in verdict.cause
