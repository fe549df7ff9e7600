"""nginx and dnsmasq are there, and answer, when the lab has booted."""

from __future__ import annotations

import shutil
from ipaddress import ip_interface

import pytest
from lab_modes import MODES, running, sh, use_mode

from tutor import paths
from tutor.errors import LabError
from tutor.lab import Lab, services
from tutor.model.topology import InterfaceSpec, MachineSpec, ServiceSpec, SwitchPort, Topology


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use_mode(request.param, monkeypatch)
    return str(request.param)


def needs(program: str) -> None:
    if not shutil.which(program, path="/usr/sbin:/usr/bin") and not list(
        paths.tools_layer().glob(f"usr/*bin/{program}")
    ):
        pytest.skip(f"unsupported: {program} is not installed")


def serving(*specs: ServiceSpec, setup: tuple[str, ...] = ()) -> Topology:
    def eth0(address: str) -> tuple[InterfaceSpec, ...]:
        return (InterfaceSpec("eth0", SwitchPort("lan"), (ip_interface(address),)),)

    server = MachineSpec("server", eth0("10.0.0.1/24"), setup=setup, services=specs)
    return Topology((server, MachineSpec("client", eth0("10.0.0.2/24"), resolver="10.0.0.1")))


async def test_two_web_servers_on_two_ports_of_one_machine() -> None:
    needs("nginx")
    first, second = (ServiceSpec("http", options={"port": port, "page": f"page {port}"}) for port in ("80", "8080"))
    async with running(serving(first, second)) as lab:
        assert await sh(lab, "curl -s 10.0.0.1; curl -s 10.0.0.1:8080", "client") == "page 80\npage 8080\n"


async def test_a_web_page_names_its_machine() -> None:
    needs("nginx")
    specs = (ServiceSpec("http"), ServiceSpec("http", options={"port": "8080", "page": "second"}))
    async with running(serving(specs[0])) as lab:
        assert "Hello from server" in await sh(lab, "curl -s http://10.0.0.1/", "client")
        assert "nginx: master" in await sh(lab, "ps ax", "server")
        assert "nginx" in await sh(lab, "ss -ltnp", "server")
    async with running(serving(specs[1])) as lab:
        assert await sh(lab, "curl -s http://10.0.0.1:8080/", "client") == "second\n"


async def test_a_service_runs_in_a_namespace_that_set_up_made() -> None:
    needs("nginx")
    setup = (
        "ip netns add blue",
        "ip link add v0 type veth peer name v1 netns blue",
        "ip addr add 10.5.0.1/24 dev v0",
        "ip link set v0 up",
        "ip -n blue addr add 10.5.0.2/24 dev v1",
        "ip -n blue link set v1 up",
    )
    async with running(serving(ServiceSpec("http", netns="blue"), setup=setup)) as lab:
        assert "Hello from blue" in await sh(lab, "curl -s http://10.5.0.2/", "server")
        assert "[exit status" in await sh(lab, "curl -s http://10.5.0.1/", "server")


async def test_a_name_server_knows_its_names_and_no_others() -> None:
    needs("dnsmasq")
    async with running(
        serving(ServiceSpec("dns", options={"www.example.com": "192.0.2.80", "v6.example.com": "2001:db8::1"}))
    ) as lab:
        assert "192.0.2.80" in await sh(lab, "getent ahostsv4 www.example.com", "client")
        assert "2001:db8::1" in await sh(lab, "getent hosts v6.example.com", "client")
        assert "[exit status 2]" in await sh(lab, "getent hosts other.example.com", "client")
        assert "[exit status 2]" in await sh(lab, "getent hosts sub.www.example.com", "client")
    async with running(serving(ServiceSpec("dns", options={"a.example": "192.0.2.1", "port": "5353"}))) as lab:
        assert ":5353" in await sh(lab, "ss -lun", "server")


async def test_a_missing_program_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(machine: MachineSpec, spec: ServiceSpec) -> services.Daemon:
        return services.Daemon(("no-such-daemon",), 80, "tcp")

    monkeypatch.setattr(services, "daemon", nothing)
    with pytest.raises(LabError, match=r"no-such-daemon.*nettutor tools install"):
        await Lab.boot(serving(ServiceSpec("http")))


async def test_a_service_without_a_free_port_is_refused() -> None:
    needs("nginx")
    with pytest.raises(LabError, match="port 80 of server is taken"):
        await Lab.boot(
            serving(
                ServiceSpec("http"),
                setup=("python3 -m http.server 80 >/dev/null 2>&1 & until ss -ltn | grep -q :80; do sleep 0.02; done",),
            )
        )


@pytest.mark.parametrize(
    "spec", [ServiceSpec("ftp"), ServiceSpec("http", options={"port": "99999"}), ServiceSpec("http", "none")]
)
async def test_an_impossible_service_is_refused(spec: ServiceSpec) -> None:
    with pytest.raises(LabError, match="server"):
        await Lab.boot(serving(spec))


async def test_an_internet_of_name_servers_answers_from_the_root_down() -> None:
    for program in ("nsd", "unbound"):
        needs(program)
    root = "$TTL 60\n. SOA a. b. 1 1 1 1 1\n. NS a.\na. A 10.9.0.1\ncom. NS ns.com.\nns.com. A 10.9.0.2\n"
    com = "$TTL 60\ncom. SOA a. b. 1 1 1 1 1\ncom. NS ns.com.\nns.com. A 10.9.0.2\nwww.com. A 192.0.2.80\n"
    specs = (
        ServiceSpec("authority", options={"address": "10.9.0.1", "zone .": root}),
        ServiceSpec("authority", options={"address": "10.9.0.2", "zone com.": com}),
        ServiceSpec("resolver", options={"address": "10.9.0.3", "root": "10.9.0.1"}),
        ServiceSpec("resolver", options={"address": "10.0.0.1", "forward": "10.9.0.3", "name intra.corp": "192.0.2.9"}),
        ServiceSpec("http", options={"address": "10.9.0.1", "page": "one"}),
        ServiceSpec("http", options={"address": "10.9.0.2", "page": "two"}),
    )
    setup = tuple(f"ip addr add 10.9.0.{number}/32 dev lo" for number in (1, 2, 3))
    async with running(serving(*specs, setup=setup)) as lab:
        assert "192.0.2.80" in await sh(lab, "getent ahostsv4 www.com", "client")
        assert "192.0.2.9" in await sh(lab, "getent ahostsv4 intra.corp", "client")
        assert "[exit status 2]" in await sh(lab, "getent ahostsv4 www.net", "client")
        assert "[exit status 2]" in await sh(lab, "getent ahostsv4 sub.intra.corp", "client")
        assert await sh(lab, "curl -s 10.9.0.1; curl -s 10.9.0.2", "server") == "one\ntwo\n"


@pytest.mark.parametrize("options", [{}, {"root": "10.0.0.1", "forward": "10.0.0.1"}, {"address": "x"}])
async def test_an_impossible_resolver_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(LabError, match="server"):
        await Lab.boot(serving(ServiceSpec("resolver", options=options)))
