"""The files that decide about names, and values in files of settings: whatever stands in them, an answer comes back."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.model import namefiles
from tutor.model.facts import Facts, Resolution, Text
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet
from tutor.model.wants import FileOf, NameLookup
from tutor.validators import formats
from tutor.validators.formats import Format, Malformed
from tutor.validators.names import Resolves


def test_hosts_lines_with_their_numbers() -> None:
    text = "# all\n127.0.0.1 localhost\n\n10.0.0.1\tweb www\n10.0.0.2 WEB. # off\n::1 web\nnonsense web\n"
    assert [(line.number, str(line.address)) for line in namefiles.lines_for(text, "Web.")] == [
        (4, "10.0.0.1"),
        (6, "::1"),
    ]
    assert namefiles.hosts(text)[1].names == ("web", "www")


def test_a_hosts_line_with_the_name_where_the_address_belongs() -> None:
    text = "127.0.0.1 localhost\n# web\n Web 10.0.0.1 # new\n"
    assert namefiles.misplaced(text, "web.") == "Web 10.0.0.1 # new"
    assert namefiles.misplaced(text, "localhost") is None
    assert namefiles.misplaced("10.0.0.1 web\n", "web") is None


def test_it_is_the_reason_that_programs_do_not_find_the_name() -> None:
    host = Place("host")
    hosts = Text("127.0.0.1 localhost\nweb 10.0.0.1\n")
    facts = Facts({NameLookup(host, "web"): Resolution(), FileOf("host", "/etc/hosts"): hosts})
    verdict = Resolves("web", host).judge(facts)
    assert isinstance(verdict, Unmet)
    assert (verdict.layer, verdict.look_next) == (Layer.NAME, "cat /etc/hosts")
    assert (
        verdict.observed == "in /etc/hosts, the line `web 10.0.0.1` does not begin with an address, and is passed over"
    )


def test_resolv_conf_as_the_library_reads_it() -> None:
    text = (
        "; x\n nameserver 9.9.9.9\nnameserver 1.1.1.1 rest\nnameserver nonsense\nnameserver 1.1.1.2\n"
        "nameserver fe80::1%eth0\nnameserver 1.1.1.4\nsearch a b\ndomain corp.\noptions ndots:2\noptions rotate\n"
    )
    assert namefiles.resolver(text) == namefiles.Resolver(
        (ip_address("1.1.1.1"), ip_address("1.1.1.2"), ip_address("fe80::1%eth0")), ("corp",), ("ndots:2", "rotate")
    )
    assert namefiles.resolver("nameservers 1.1.1.1\nnameserver\n") == namefiles.Resolver()
    lines = "# x\n\nnameserver 1.1.1.1\n nameserver 1.1.1.1\nnameserver: 1.1.1.1\nnameserver web\nsortlist 1.0.0.0\n"
    assert namefiles.passed_over(lines) == ("nameserver 1.1.1.1", "nameserver: 1.1.1.1", "nameserver web")


def test_nsswitch_sources_without_actions() -> None:
    text = "passwd: files\nhosts: files [NOTFOUND=return] dns # x\n"
    assert namefiles.host_sources(text) == ("files", "dns")
    assert namefiles.host_sources("#hosts: dns\n") == ()


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    namefiles.hosts(text)
    namefiles.resolver(text)
    namefiles.passed_over(text)
    namefiles.host_sources(text)


@given(st.text(), st.sampled_from([form for form in Format if form is not Format.BY_NAME]))
def test_any_text_is_a_value_or_malformed(text: str, form: Format) -> None:
    with contextlib.suppress(Malformed):
        formats.value(text, "a.b", form)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("[" * 60000, Format.JSON),
        ("[" * 5000, Format.YAML),
        ("a: &a [*a]\n", Format.YAML),
        ("a = 1\na = 2", Format.TOML),
    ],
)
def test_hostile_texts(text: str, form: Format) -> None:
    with contextlib.suppress(Malformed):
        assert formats.value(text, "a.b", form) is None


def test_the_name_tells_the_format() -> None:
    assert formats.of("/etc/cni/net.d/a.conflist", Format.BY_NAME) is Format.JSON
    assert formats.of("/etc/sysctl.conf", Format.BY_NAME) is Format.KEY_VALUE
    assert formats.of("/a.json", Format.YAML) is Format.YAML


@pytest.mark.parametrize(
    ("text", "form"),
    [('{"a": true, "b": "true", "c": "yes"}', Format.JSON), ('a: yes\nb: "true"\nc: "yes"', Format.YAML)],
)
def test_text_is_told_apart_from_the_word_that_it_looks_like(text: str, form: Format) -> None:
    assert [formats.value(text, key, form) for key in "abc"] == ["true", '"true"', "yes"]
