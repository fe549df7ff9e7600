"""The ways of breaking a command line are pure functions from text to text."""

from __future__ import annotations

import pytest

from tutor.content import load
from tutor.model.lesson import Command, Solution, Source
from tutor.model.verdict import Layer
from tutor.proof import operators, operators_names
from tutor.proof.line import Line, normal
from tutor.proof.looking import Doing, doing
from tutor.proof.mutants import LEFT_OUT, Mutant, about, declared_key, mutants
from tutor.proof.vocabulary import Vocabulary, of_lesson

WORDS = Vocabulary(
    links=("lo", "eth0", "veth-red", "veth-blue", "v-net-0"),
    peers=(("veth-red", "veth-blue"), ("veth-blue", "veth-red")),
    namespaces=("red", "blue"),
    shells=("host", "lan"),
    addresses=("192.168.15.1", "192.168.15.2", "192.168.15.5", "192.168.1.1"),
)

BREAKS = [
    (
        operators.wrong_published_port,
        "docker run -d --name web -p 8080:80 nginx",
        [f"docker run -d --name web -p {ports} nginx" for ports in ("80:8080", "8080:81", "8081:80")]
        + ["docker run -d --name web nginx"],
    ),
    (
        operators.wrong_container,
        "docker run -d --name web nginx",
        [
            "docker run -d --name wbe nginx",
            "docker run -d --name web busybox",
            "docker create --name web nginx",
        ],
    ),
    (operators.wrong_container, "docker rm -f web", ["docker stop -t 0 web"]),
    (
        operators.wrong_docker_network,
        "docker run -d --network shop nginx",
        ["docker run -d --network none nginx", "docker run -d --network host nginx", "docker run -d nginx"],
    ),
    (operators.wrong_docker_network, "docker network connect shop web", ["docker network disconnect shop web"]),
    (
        operators.wrong_mask,
        "ip -n red addr add 192.168.15.1/24 dev veth-red",
        ["ip -n red addr add 192.168.15.1 dev veth-red", "ip -n red addr add 192.168.15.1/16 dev veth-red"],
    ),
    (
        operators.wrong_mask,
        "ip route add 192.168.1.0/24 via 192.168.15.5",
        ["ip route add 192.168.1.0 via 192.168.15.5", "ip route add 192.168.0.0/16 via 192.168.15.5"],
    ),
    (
        operators.wrong_address,
        "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE",
        ["iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE".replace("15.0", "16.0")],
    ),
    (operators.wrong_address, "ip -n blue route add default via 192.168.15.5", []),
    (
        operators.wrong_gateway,
        "ip -n blue route add default via 192.168.15.5",
        [f"ip -n blue route add default via {wrong}" for wrong in ("192.168.15.10", "192.168.15.1", "192.168.15.2")],
    ),
    (
        operators.wrong_destination,
        "ip route add default via 10.0.0.1",
        ["ip route add 10.0.0.0/8 via 10.0.0.1"],
    ),
    (
        operators.wrong_interface,
        "ip link set veth-red netns red",
        ["ip link set veth-blue netns red", "ip link set lo netns red"],
    ),
    (
        operators.wrong_interface,
        "ip link add v-net-0 type bridge",
        ["ip link add v-net-- type bridge".replace("v-net--", "v-net0-")],
    ),
    (operators.left_down, "ip -n red link set veth-red up", ["ip -n red link set veth-red down"]),
    (operators.left_down, "ifconfig v-net-0 10.0.0.1/24", ["ifconfig v-net-0 10.0.0.1/24 down"]),
    (operators.wrong_kind, "ip link add a type veth peer name b", ["ip link add a type beth peer name b"]),
    (
        operators.other_namespace,
        "ip -n red link set lo up",
        ["ip -n blue link set lo up", "ip link set lo up"],
    ),
    (
        operators.other_namespace,
        "ip netns exec red ifconfig lo up",
        ["ip netns exec blue ifconfig lo up", "ifconfig lo up"],
    ),
    (
        operators.other_namespace,
        "ip link set veth-red netns red",
        ["ip netns exec red ip link set veth-red netns red", "ip link set veth-red netns blue"],
    ),
    (operators.mistyped_namespace, "ip netns add red", ["ip netns add rde", "ip netns add Red"]),
    (
        operators.wrong_verb,
        "ip -n red addr add 10.0.0.1/8 dev lo",
        ["ip -n red addr 10.0.0.1/8 dev lo", "ip -n red addr del 10.0.0.1/8 dev lo"],
    ),
    (operators.wrong_verb, "ip link set veth-red master v-net-0", ["ip link set veth-red nomaster"]),
    (
        operators.wrong_table,
        "iptables -t nat -A POSTROUTING -j MASQUERADE",
        ["iptables -A POSTROUTING -j MASQUERADE", "iptables -t mangle -A POSTROUTING -j MASQUERADE"],
    ),
    (
        operators.wrong_table,
        'nft "add chain ip mine out { type nat hook postrouting priority 100; }"',
        ['nft "add chain ip mine out { type filter hook postrouting priority 100; }"'],
    ),
    (
        operators.wrong_chain,
        'nft "add chain ip mine out { type nat hook postrouting priority 100; }"',
        [f'nft "add chain ip mine out {{ type nat hook {hook} priority 100; }}"' for hook in ("prerouting", "input")],
    ),
    (operators.wrong_target, "nft add rule ip t c masquerade", ["nft add rule ip t c accept"]),
    (operators.wrong_direction, "iptables -A FORWARD -s 10.0.0.0/8", ["iptables -A FORWARD -d 10.0.0.0/8"]),
    (operators.wrong_protocol, "iptables -A INPUT -p tcp", ["iptables -A INPUT -p udp"]),
    (
        operators.wrong_port,
        "iptables -t nat -A PREROUTING --dport 8080 -j DNAT --to-destination 10.0.0.2:80",
        [
            f"iptables -t nat -A PREROUTING --dport {door} -j DNAT --to-destination 10.0.0.2:{port}"
            for door, port in ((8081, 80), (80, 80), (8080, 81), (8080, 8080))
        ],
    ),
    (
        operators.wrong_setting,
        "sysctl -w net.ipv4.ip_forward=1",
        [
            "sysctl -w net.ipv4.ip_forward=0",
            "sysctl -w net.ipv6.conf.all.forwarding=1",
            "sysctl -w net.ipv4.ip_forward",
        ],
    ),
    (operators.wrong_setting, "echo 1 > /proc/sys/net/ipv4/ip_forward", ["echo 0 > /proc/sys/net/ipv4/ip_forward"]),
    (operators_names.wrong_file, "echo 10.0.0.1 web >> /etc/hosts", ["echo 10.0.0.1 web >> /etc/host"]),
    (operators_names.overwritten, "echo 10.0.0.1 web >> /etc/hosts", ["echo 10.0.0.1 web > /etc/hosts"]),
    (operators_names.overwritten, "echo x | tee -a /etc/hosts", ["echo x | tee /etc/hosts"]),
    (
        operators_names.wrong_keyword,
        "echo nameserver 10.0.0.1 > /etc/resolv.conf",
        ["echo nameservers 10.0.0.1 > /etc/resolv.conf"],
    ),
    (operators_names.wrong_order, "echo 10.0.0.1 web >> /etc/hosts", ["echo web 10.0.0.1 >> /etc/hosts"]),
    (operators_names.wrong_name, "echo 10.0.0.1 web >> /etc/hosts", ["echo 10.0.0.1 wbe >> /etc/hosts"]),
]


@pytest.mark.parametrize(("breaks", "line", "broken"), BREAKS)
def test_a_line_is_broken(breaks: operators.Breaking, line: str, broken: list[str]) -> None:
    assert [found.text for found in breaks(Line(line), WORDS)] == broken


def test_every_operator_has_a_case() -> None:
    assert {operator.breaks for operator in operators.operators()} == {breaks for breaks, _, _ in BREAKS}


def test_nothing_is_broken_where_nothing_fits() -> None:
    for line in ("", "true", "echo hello", "ip", 'nft "', "touch /run/netns/a b"):
        for operator in operators.operators():
            assert [broken for broken in operator.breaks(Line(line), WORDS) if broken.text == line] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("yes", ["no"]),
        ("No", ["yes"]),
        ("none", ["1"]),
        ("3", ["4", "2"]),
        ("192.168.15.2", ["192.168.15.1", "192.168.15.5"]),
        ("eth0", ["lo", "veth-red", "veth-blue"]),
        ("the host", ["lan", "red"]),
    ],
)
def test_wrong_answers_are_of_the_same_kind(text: str, wrong: list[str]) -> None:
    assert list(operators.wrong_answers(text, WORDS)) == wrong


def test_a_line_knows_its_words() -> None:
    line = Line('ip netns exec red  nft "add table ip t"')
    assert line.texts == ("ip", "netns", "exec", "red", "nft", "add", "table", "ip", "t")
    assert line.program == "nft"
    assert [line.text[word.start : word.end] for word in line.words] == list(line.texts)
    assert line.replaced(line.words[6], "chain") == 'ip netns exec red  nft "add chain ip t"'
    assert normal("ip   -n red 'link'") == "ip -n red link"
    assert Line("echo 'open").texts == ("echo", "'open")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ip -n red link", Doing.SHOWS),
        ("ip netns", Doing.SHOWS),
        ("ip -n red route get 192.168.1.3", Doing.SHOWS),
        ("ip netns exec red ip link show", Doing.SHOWS),
        ("brctl showmacs v-net-0", Doing.SHOWS),
        ("bridge fdb show br v-net-0", Doing.SHOWS),
        ("ifconfig -a", Doing.SHOWS),
        ("iptables -t nat -nvL POSTROUTING", Doing.SHOWS),
        ("docker ps -a", Doing.SHOWS),
        ("docker network inspect bridge", Doing.SHOWS),
        ("docker network create shop", Doing.CHANGES),
        ("docker exec -it web ip addr", Doing.SHOWS),
        ("docker exec web wget -qO- 172.17.0.2", Doing.SENDS),
        ("docker exec web ip link set eth0 down", Doing.CHANGES),
        ("docker run -d nginx", Doing.CHANGES),
        ("sysctl net.ipv4.ip_forward", Doing.SHOWS),
        ("ip netns exec red ping -c 1 192.168.15.2", Doing.SENDS),
        ("curl -sm 2 8.8.8.8", Doing.SENDS),
        ("ping -c 1 192.168.1.3; ip netns del red", Doing.CHANGES),
        ("ip link set lo up", Doing.CHANGES),
        ("ip netns exec red ifconfig lo up", Doing.CHANGES),
        ("sysctl -w net.ipv4.ip_forward=1", Doing.CHANGES),
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", Doing.CHANGES),
        ("arp -s 192.168.1.3 02:00:00:00:00:01", Doing.CHANGES),
        ("route add default gw 192.168.15.5", Doing.CHANGES),
    ],
)
def test_what_only_looks_is_known(text: str, what: Doing) -> None:
    assert doing(text) is what


def broken(*lines: str, packets_matter: bool = False) -> tuple[Mutant, ...]:
    commands = [Command("host", line[2:] if line[:2] == "= " else line, answer=line[:2] == "= ") for line in lines]
    return mutants(Solution("ip", tuple(commands), Source("x", 1)), WORDS, packets_matter=packets_matter)


def test_each_command_is_left_out_but_not_those_that_only_look() -> None:
    found = [mutant.key for mutant in broken("ip netns add red", "ip netns", "= 1") if mutant.operator == LEFT_OUT]
    assert found == ["- ip netns add red", "- = 1"]


def test_packets_are_left_out_where_they_matter() -> None:
    assert broken("ping -c 1 192.168.15.1") == ()
    assert [mutant.key for mutant in broken("ping -c 1 192.168.15.1", packets_matter=True)] == [
        "- ping -c 1 192.168.15.1"
    ]


def test_no_mutant_is_there_twice_and_none_is_the_solution() -> None:
    found = broken("ip link set veth-red netns red", "ip link set veth-blue netns blue")
    assert len({mutant.commands for mutant in found}) == len(found)
    whole = tuple(
        Command("host", text) for text in ("ip link set veth-red netns red", "ip link set veth-blue netns blue")
    )
    assert whole not in {mutant.commands for mutant in found}


def test_a_command_is_also_typed_on_the_other_machine() -> None:
    found = [mutant for mutant in broken("ip link set lo up") if mutant.operator == "other machine"]
    assert [mutant.key for mutant in found] == ["@lan ip link set lo up"]
    assert found[0].commands[0].machine == "lan"


def test_declared_lines_have_the_key_of_their_mutant() -> None:
    keys = {mutant.key for mutant in broken("ip  netns add 'red'", "= no")}
    for line in ("- ip netns add red", "ip netns add Red", "= yes", "- = no", "@lan ip netns add red"):
        assert declared_key(line) in keys


def test_a_command_names_the_layers_that_it_is_about() -> None:
    assert about("ip -n red route add default via 10.0.0.1") == {Layer.ROUTE}
    assert about("ip netns exec red ifconfig lo up") == {Layer.LINK, Layer.ADDRESS, Layer.ROUTE}
    assert Layer.NAT in about("nft add table ip mine")


def test_the_words_of_a_lesson() -> None:
    words = of_lesson(load("bridges"))
    assert {"lo", "eth0", "v-net-0", "veth-red", "veth-red-br"} <= set(words.links)
    assert words.namespaces == ("red", "blue", "green")
    assert words.peer("veth-red") == "veth-red-br"
    assert "192.168.15.5" in words.addresses
