"""CNI by hand with the real plugins, in both ways in which a lab can be started, and what is judged of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network

import pytest
from lab_modes import MODES, use_mode
from probe_lab import BLUE, HOST, LAN, Bench, bench, machine

from tutor.lab.tools import missing
from tutor.model.lesson import Check
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.validators.cni import Configured, Masqueraded, PortMapped, Released, Reserved, ResultHolds
from tutor.validators.http import Fetches

CONF, RESULT, MAPPED = "/etc/cni/net.d/10-lab.conf", "/root/result.json", "/root/portmap.json"
SUBNET = ip_network("10.22.0.0/24")
PLUGIN = "CNI_PATH=/usr/lib/cni CNI_CONTAINERID=blue-1 CNI_NETNS=/run/netns/blue CNI_IFNAME=eth0 CNI_COMMAND"
PREPARED = f"""
mkdir -p /etc/cni/net.d
cat > {CONF} <<'X'
{{ "cniVersion": "1.0.0", "name": "lab-net", "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
  "ipam": {{ "type": "host-local", "subnet": "10.22.0.0/24", "routes": [{{"dst": "0.0.0.0/0"}}] }} }}
X
ip netns add blue
ip -n blue link set lo up
"""
ADD = f"{PLUGIN}=ADD /usr/lib/cni/bridge < {CONF} > {RESULT}"
DEL = f"{PLUGIN}=DEL /usr/lib/cni/bridge < {CONF}"
PORTMAP = f"""
cat > {MAPPED} <<'X'
{{ "cniVersion": "1.0.0", "name": "lab-net", "type": "portmap",
  "runtimeConfig": {{ "portMappings": [{{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}}] }} }}
X
jq --slurpfile r {RESULT} '. + {{prevResult: $r[0]}}' {MAPPED} > /root/full.json
{PLUGIN}=ADD /usr/lib/cni/portmap < /root/full.json > /root/portmap-result.json
"""


@pytest.fixture(params=MODES)
async def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    assert not missing(["cni-plugins", "jq"])
    use_mode(request.param, monkeypatch)
    machines = machine("host", "192.168.1.2/24"), machine("lan", "192.168.1.3/24")
    async with bench(*machines) as started:
        await started.sh(PREPARED)
        yield started


async def judge(here: Bench, check: Check) -> Verdict:
    return check.judge(await here.lab.read(check.wants()))


def of(verdict: Verdict) -> tuple[Layer, str]:
    assert isinstance(verdict, Unmet), verdict
    assert verdict.expected
    assert verdict.look_next
    return verdict.layer, str(verdict.observed)


def holds(link: str | None = "eth0") -> ResultHolds:
    return ResultHolds(RESULT, BLUE, link)


async def test_a_configuration(here: Bench) -> None:
    assert isinstance(await judge(here, Configured(CONF, HOST, "bridge", "lab-net", SUBNET)), Met)
    layer, said = of(await judge(here, Configured("/root/none", HOST, "bridge")))
    assert (layer, said) == (Layer.SERVICE, "there is no file /root/none")
    assert of(await judge(here, Configured(CONF, HOST, "ptp"))) == (
        Layer.SERVICE, f"{CONF} is for the plugin bridge")  # fmt: skip
    assert of(await judge(here, Configured(CONF, HOST, "bridge", "my-net"))) == (
        Layer.SERVICE, "it is called lab-net")  # fmt: skip
    wrong = Configured(CONF, HOST, "bridge", subnet=ip_network("10.23.0.0/24"))
    assert of(await judge(here, wrong)) == (Layer.ADDRESS, "its ipam has 10.22.0.0/24")
    await here.sh(f'sed -i \'s/"bridge",/"bridge"/\' {CONF}')
    assert of(await judge(here, Configured(CONF, HOST, "bridge"))) == (
        Layer.SERVICE, f"{CONF}: line 1 is no JSON: expecting ',' delimiter")  # fmt: skip
    await here.sh(f"rm {CONF}; mkdir {CONF}")
    assert isinstance(await judge(here, Configured(CONF, HOST, "bridge")), Unknown)


async def test_a_list_of_plugins_is_a_configuration(here: Bench) -> None:
    listed = '{cniVersion, name, plugins: [del(.name, .cniVersion), {type: "portmap"}]}'
    await here.sh(f"jq '{listed}' {CONF} > /root/list")
    for plugin in ("bridge", "portmap"):
        assert isinstance(await judge(here, Configured("/root/list", HOST, plugin, "lab-net")), Met)


async def test_the_result_of_add(here: Bench) -> None:
    assert of(await judge(here, holds()))[1] == f"there is no file {RESULT}"
    await here.sh(ADD)
    assert isinstance(await judge(here, holds()), Met)
    assert of(await judge(here, holds("net1")))[1] == "it names no address of net1"
    await here.sh("ip link add noise type veth peer name noise1; ip -n blue addr add 10.99.0.1/32 dev lo")
    assert isinstance(await judge(here, holds(None)), Met)


@pytest.mark.parametrize(
    ("broken", "layer", "said"),
    [
        ("ip -n blue route del default", Layer.ROUTE, "blue has no route to 0.0.0.0/0"),
        ("ip -n blue addr flush dev eth0", Layer.ADDRESS, "eth0 has not got 10.22.0.2/24"),
        ("ip -n blue link del eth0", Layer.LINK, "blue has no link eth0"),
        ("ip -n blue link set eth0 address 02:00:00:00:00:09", Layer.LINK, "another MAC address"),
        ("ip netns del blue", Layer.NAMESPACE, "there is no namespace blue"),
        (f"echo > {RESULT}", Layer.SERVICE, f"{RESULT}: it is empty"),
        (f'echo \'{{"code": 7, "msg": "no luck"}}\' > {RESULT}', Layer.SERVICE, "it is an error: no luck"),
        (f'echo \'{{"cniVersion": "1.0.0"}}\' > {RESULT}', Layer.SERVICE, "it has no ips"),
        (f"sed -i s,/24,/124, {RESULT}", Layer.SERVICE, "it is not as a plugin prints it"),
    ],
)
async def test_a_result_that_no_longer_holds(here: Bench, broken: str, layer: Layer, said: str) -> None:
    await here.sh(ADD)
    await here.sh(broken)
    found, observed = of(await judge(here, holds()))
    assert found is layer
    assert said in observed


async def test_host_local_notes_addresses_down(here: Bench) -> None:
    reserved, released = Reserved("lab-net", BLUE, "blue-1"), Released("lab-net", HOST, "blue-1")
    assert of(await judge(here, reserved)) == (Layer.ADDRESS, "no address of the network lab-net is noted down")
    assert isinstance(await judge(here, released), Met)
    await here.sh(ADD)
    assert isinstance(await judge(here, reserved), Met)
    assert of(await judge(here, Reserved("lab-net", BLUE, "web")))[1] == "10.22.0.2 is noted for blue-1"
    assert of(await judge(here, released)) == (Layer.ADDRESS, "10.22.0.2 is still noted for blue-1")
    assert isinstance(await judge(here, Released("lab-net", HOST, "web")), Met)
    assert isinstance(await judge(here, Released("lab-net", HOST)), Unmet)
    await here.sh("ip -n blue addr flush dev eth0; ip -n blue addr add 10.22.0.77/24 dev eth0")
    assert of(await judge(here, reserved))[1] == "blue has no address of those noted down: 10.22.0.2"
    await here.sh(f"ip -n blue addr flush dev eth0; ip -n blue addr add 10.22.0.2/24 dev eth0; {DEL}")
    assert isinstance(await judge(here, released), Met)
    folder = "/var/lib/cni/networks/lab-net"
    await here.sh(f"mkfifo {folder}/10.22.0.9; touch {folder}/notes; ln -s /etc {folder}/sub")
    assert isinstance(await judge(here, released), Unknown)


async def test_chains_of_masquerading(here: Bench) -> None:
    check = Masqueraded(BLUE, HOST)
    assert of(await judge(here, check)) == (Layer.ADDRESS, "blue has no address")
    await here.sh(ADD)
    assert isinstance(await judge(here, check), Met)
    await here.sh("iptables -t nat -I POSTROUTING -s 10.22.0.0/16 -j ACCEPT; iptables -t nat -N CNI-other")
    assert isinstance(await judge(here, check), Met)
    await here.sh("iptables -t nat -F POSTROUTING")
    assert of(await judge(here, check)) == (Layer.NAT, "no chain CNI-… in POSTROUTING is for 10.22.0.2")


async def test_chains_of_portmap(here: Bench) -> None:
    check = PortMapped(8080, BLUE, HOST, 80)
    assert of(await judge(here, check)) == (Layer.NAT, "there is no chain CNI-HOSTPORT-DNAT")
    await here.sh(ADD + PORTMAP)
    assert isinstance(await judge(here, check), Met)
    assert of(await judge(here, PortMapped(9090, BLUE, HOST, 80)))[1] == (
        "behind CNI-HOSTPORT-DNAT there is no rule for port 9090")  # fmt: skip
    assert of(await judge(here, PortMapped(8080, BLUE, HOST, 81)))[1] == "port 8080 leads to 10.22.0.2:80"
    await here.sh("iptables -t nat -F PREROUTING")
    assert of(await judge(here, check)) == (Layer.NAT, "PREROUTING does not lead to CNI-HOSTPORT-DNAT")
    await here.sh(f"{PLUGIN}=DEL /usr/lib/cni/portmap < /root/full.json")
    assert of(await judge(here, check))[0] is Layer.NAT


async def test_what_portmap_made_brings_real_packets(here: Bench) -> None:
    await here.sh(ADD + PORTMAP)
    page = "HTTP/1.0 200 OK\\r\\n\\r\\nhello from blue"
    await here.sh(f"(while printf '{page}' | timeout 20 nc -l -N -p 80; do :; done) >/dev/null 2>&1 &", BLUE)
    fetched = await here.sh("curl -s --retry 5 --retry-connrefused --max-time 5 http://192.168.1.2:8080/", LAN)
    assert fetched == "hello from blue"


async def test_add_and_del_leave_nothing_but_the_bridge(here: Bench) -> None:
    await here.sh(ADD + PORTMAP)
    await here.sh(f"{PLUGIN}=DEL /usr/lib/cni/portmap < /root/full.json")
    await here.sh(DEL)
    assert isinstance(await judge(here, Released("lab-net", HOST)), Met)
    assert [link["ifname"] for link in await here.look("ip -json link", BLUE)] == ["lo"]
    assert [link["ifname"] for link in await here.look("ip -json link show type bridge")] == ["cni0"]
    assert "DNAT --to" not in await here.sh("iptables-save -t nat")


async def test_the_place_that_is_gone_is_the_one_that_is_named(here: Bench) -> None:
    """Not the one from which the packets would have come."""
    check = Fetches(LAN, ip_address("192.168.1.2"), 8080, end=BLUE, via=(HOST,))
    await here.sh("ip netns del blue")
    assert of(await judge(here, check)) == (Layer.NAMESPACE, "there is no namespace blue")
