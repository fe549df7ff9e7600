"""Docker's own engine in the lab: what learners do with it works, the probe sees into it, and all of it goes away."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from ipaddress import IPv4Interface, ip_address, ip_network
from pathlib import Path

import pytest
from docker_lab import ENGINE, needs_docker, with_docker
from lab_modes import MODES, alive, kill, processes_of, screen, until, use_mode
from probe_lab import HOST, LAN

from tutor.errors import LabError
from tutor.lab import Lab, NamespaceGone, services
from tutor.model.containers import Docker, DockerOf
from tutor.model.facts import Facts, HttpResult, Listeners, PingResult, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.topology import MachineSpec, ServiceSpec
from tutor.model.wants import HttpGet, ListenersOf, Ping, StackOf, Want

WEB = Place("host", "docker:web")


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    needs_docker()
    use_mode(request.param, monkeypatch)
    return str(request.param)


def stack_of(facts: Facts, place: Place) -> Stack:
    found = facts.of(StackOf(place))
    assert isinstance(found, Stack), found
    return found


async def test_containers_run_serve_and_go_as_on_any_machine() -> None:
    async with with_docker() as here:
        assert {"nginx", "busybox"} <= set((await here.sh("docker images --format '{{.Repository}}'")).split())
        assert await here.sh("docker version --format '{{.Client.Version}}'") == await here.sh(
            "docker version --format '{{.Server.Version}}'"
        )
        await here.sh("docker run -d --name web -p 8080:80 nginx")
        assert (await here.sh("docker port web")).startswith("80/tcp -> 0.0.0.0:8080\n")
        address = (await here.sh("docker inspect -f '{{.NetworkSettings.IPAddress}}' web")).strip()
        for url in (f"{address}:80", "127.0.0.1:8080", "192.168.1.2:8080"):
            assert "Welcome to nginx!" in await here.sh(f"curl -s --retry 5 --retry-connrefused {url}")
        assert "Welcome to nginx!" in await here.sh("curl -s 192.168.1.2:8080", LAN)
        assert (await here.sh("docker logs web")).count('"GET / HTTP/1.1" 200') == 4
        assert "nginx: master" in await here.sh("docker exec web ps")
        assert "inet 172.17.0.2/16" in await here.sh("docker exec web ip addr")
        await here.sh("docker stop -t 2 web")
        assert "Exited" in await here.sh("docker ps -a --filter name=web")
        await here.sh("docker start web; docker rm -f web")
        assert await here.sh("docker ps -aq") == ""


async def test_networks_are_those_of_docker() -> None:
    async with with_docker() as here:
        assert set((await here.sh("docker network ls --format '{{.Name}} {{.Driver}}'")).splitlines()) == {
            "bridge bridge", "host host", "none null",
        }  # fmt: skip
        assert (await here.sh("docker run --rm --network none busybox ip -o link")).count("\n") == 1
        assert "eth0" in await here.sh("docker run --rm --network host busybox ip -o link")
        await here.sh("docker network create --subnet 172.20.0.0/16 shop; docker run -d --name db --network shop nginx")
        await here.sh("docker run -d --name web nginx; docker network connect shop web")
        config = json.loads(await here.sh("docker network inspect shop"))[0]
        assert {entry["Name"] for entry in config["Containers"].values()} == {"db", "web"}
        assert "Welcome" in await here.sh("docker exec web wget -qO- db"), "names of containers resolve in own networks"


async def test_a_container_may_have_a_terminal() -> None:
    async with with_docker() as here:
        terminal = await here.lab.shell("host", rows=24, columns=80)
        shown = await screen(terminal, "docker run -it --rm busybox sh -c 'tty; echo in''side'\r", "inside\r")
        assert "/dev/pts/0" in shown


async def test_the_probe_sees_into_containers() -> None:
    async with with_docker() as here:
        await here.sh("docker run -d --name web -p 8080:80 nginx; docker run -d --name db busybox sleep 1000")
        await here.sh("docker run -d --name alone --network none nginx; docker run -d --name open --network host nginx")
        await here.sh("docker create --name still busybox; ip netns add red")
        assert await here.lab.namespaces("host") == ("red", "docker:alone", "docker:db", "docker:web")
        assert await here.lab.namespaces("lan") == ()
        places = [HOST, WEB, Place("host", "docker:db"), Place("host", "docker:alone"), Place("host", "docker:open")]
        wants: list[Want] = [*map(StackOf, places), ListenersOf(WEB), DockerOf("host")]
        facts = await here.lab.read(wants)
        inside = stack_of(facts, WEB).link("eth0")
        assert inside
        assert inside.peer
        port = stack_of(facts, HOST).link(inside.peer.name or "")
        assert inside.peer.place == HOST
        assert port
        assert port.peer
        assert (port.peer.place, port.peer.name) == (WEB, "eth0")
        said = json.loads(await here.sh("ip -json link show master docker0"))
        assert {one["ifname"]: one["link_index"] for one in said}[port.name] == inside.index
        assert [link.name for link in stack_of(facts, places[3]).links] == ["lo"]
        assert stack_of(facts, places[4]).link("docker0")
        listeners = facts.of(ListenersOf(WEB))
        assert isinstance(listeners, Listeners)
        assert {(one.port, one.process) for one in listeners.sockets} == {(80, "nginx")}


async def test_traffic_can_be_sent_from_a_container() -> None:
    async with with_docker() as here:
        await here.sh("docker run -d --name web nginx; docker run -d --name db busybox sleep 1000")
        db = Place("host", "docker:db")
        ping = Ping(db, ip_address("192.168.1.3"), (LAN,))
        get = HttpGet(db, ip_address("172.17.0.2"))
        facts = await here.lab.read([ping, get])
        pinged, page = facts.of(ping), facts.of(get)
        assert isinstance(pinged, PingResult)
        assert pinged.replies
        assert {str(one.source) for one in pinged.arrivals if not one.reply} == {"192.168.1.2"}, "Docker masquerades"
        assert isinstance(page, HttpResult)
        assert page.status == 200
        gone = await here.lab.read([StackOf(Place("host", "docker:nobody"))])
        assert isinstance(gone.of(StackOf(Place("host", "docker:nobody"))), Unreadable)
        await here.sh("docker stop -t 0 db")
        with pytest.raises(NamespaceGone):
            await here.lab.open(db, "/proc/net/tcp")
        with pytest.raises(NamespaceGone):
            await here.lab.socket(Place("lan", "docker:web"), socket.AF_INET, socket.SOCK_DGRAM)


async def test_the_engine_says_what_its_command_says() -> None:
    async with with_docker() as here:
        await here.sh("docker network create --internal --subnet 172.20.0.0/16 shop")
        await here.sh("docker run -d --name web -p 127.0.0.1:8080:80 -p 53:53/udp --network shop --ip 172.20.0.9 nginx")
        docker = (await here.lab.read([DockerOf("host")])).of(DockerOf("host"))
        assert isinstance(docker, Docker)
        web, shop = docker.container("web"), docker.network("shop")
        assert web
        assert shop
        said = json.loads(await here.sh("docker inspect web"))[0]
        assert web.id == said["Id"]
        assert docker.container(web.id[:12]) == web
        end = web.endpoint("shop")
        assert end
        assert end.address == IPv4Interface("172.20.0.9/16")
        assert end.mac == said["NetworkSettings"]["Networks"]["shop"]["MacAddress"]
        assert (shop.driver, shop.subnets, shop.internal) == ("bridge", (ip_network("172.20.0.0/16"),), True)
        assert shop.link
        assert shop.link in await here.sh("ip -o link show type bridge")
        await here.sh("docker rm -f web; docker run -d --name web -p 127.0.0.1:8080:80 nginx; docker stop -t 0 web")
        stopped = (await here.lab.docker("host")).container("web")
        assert stopped
        assert (stopped.running, stopped.published, stopped.own_stack) == (False, (), False)


async def test_an_engine_that_is_gone_is_unreadable() -> None:
    async with with_docker() as here:
        assert isinstance((await here.lab.read([DockerOf("lan")])).of(DockerOf("lan")), Unreadable)
        await here.sh("pkill -KILL dockerd; sleep 0.1")
        answer = (await here.lab.read([DockerOf("host")])).of(DockerOf("host"))
        assert isinstance(answer, Unreadable)
        assert "Docker engine of host does not answer" in answer.detail
        assert await here.lab.namespaces("host") == ()


async def test_nothing_of_it_is_on_the_host_or_outlives_the_lab() -> None:
    def traces() -> tuple[str, set[str], bool]:
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        groups = {str(path) for path in Path("/sys/fs/cgroup").rglob("*docker*")}
        return "\n".join(line.split(": ")[1] for line in links.splitlines()), groups, Path("/run/docker").exists()

    before = traces()
    lab = await Lab.boot(ENGINE)
    try:
        done = await lab.run("host", ["sh", "-c", "docker run -d -p 8080:80 nginx && docker run -d busybox sleep 1000"])
        assert done.status == 0, done.stderr
        assert traces() == before
        assert lab._process is not None
        pids = processes_of(lab._process.pid)
        assert len(pids) > 10
        kill(lab._process.pid)
        assert await until(lambda: not any(map(alive, pids)))
    finally:
        await lab.close()
    assert traces() == before


async def test_an_engine_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = services.daemon(MachineSpec("host"), ServiceSpec("docker"))
    files = {
        path: text.replace("--rootless", "--rootless --data-root /usr/docker") for path, text in broken.files.items()
    }
    monkeypatch.setattr(services, "daemon", lambda *_: type(broken)(broken.argv, 0, "unix", files, socket=broken.socket,
                                                                    after=broken.after, name="docker"))  # fmt: skip
    with pytest.raises(LabError, match=r"docker on host .*(read-only|permission denied)"):
        await asyncio.wait_for(Lab.boot(ENGINE), 30)
