"""JSON from strangers, and the envelope around it."""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import SubmissionError
from tutor.grading import envelope, keys, strict

HOSTILE = {
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a float beyond all": b'{"a": 1e999}',
    "200,000 nested": b"[" * 200_000 + b"]" * 200_000,
    "200,000 nested objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a surrogate pair in a key": b'{"\\udc00": 1}',
    "a zip": b"PK\x03\x04" + bytes(100),
    "a pickle": b"\x80\x05\x95\x10" + bytes(100),
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "cut off": b'{"a": [1, 2',
    "a string cut off": b'{"a": "x',
    "nothing": b"",
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "not UTF-8": b'{"a": "\xff"}',
    "two values": b"{} {}",
    "brackets without end": b"[" + b"[]," * 4_100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(SubmissionError) as refused:
        strict.parse(HOSTILE[name])
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(_JSON.filter(lambda value: isinstance(value, dict | list)))
def test_what_is_written_is_read_again(value: object) -> None:
    assert strict.parse_canonical(strict.canonical(value)) == value
    assert strict.parse(json.dumps(value, indent=1).encode()) == value


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = strict.parse(data)
    except SubmissionError:
        return
    assert json.loads(data) == value


def test_only_the_canonical_form_is_signed() -> None:
    with pytest.raises(SubmissionError, match="canonical"):
        strict.parse_canonical(b'{"b": 1, "a": 2}')


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**30)


@pytest.mark.parametrize(
    "make", [make_fifo, make_gigabyte, Path.mkdir, lambda path: None], ids=["fifo", "1 GB", "directory", "none"]
)
def test_only_files_of_a_size_are_read(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "submission")
    with pytest.raises(SubmissionError):
        strict.read(tmp_path / "submission")


@pytest.mark.parametrize("name", ["200,000 nested", "brackets without end", "5,000 digits"])
def test_refusal_takes_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "hostile").write_bytes(HOSTILE[name])
    program = (
        "import sys, pathlib\nfrom tutor.errors import SubmissionError\nfrom tutor.grading import strict\n"
        "try: strict.parse(strict.read(pathlib.Path(sys.argv[1])))\nexcept SubmissionError: sys.exit(7)\n"
    )
    limit = 200 * 2**20

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    run = subprocess.run([sys.executable, "-c", program, tmp_path / "hostile"], preexec_fn=bounded, check=False)
    assert run.returncode == 7


def test_a_sealed_value_is_opened_and_signed_by_its_key_alone() -> None:
    key, other = keys.generate(), keys.generate()
    data = envelope.seal({"a": "ä"}, envelope.SUBMISSION, key)
    sealed = envelope.opened(data, envelope.SUBMISSION)
    assert sealed.signed_by(keys.public_text(key))
    assert not sealed.signed_by(keys.public_text(other))
    assert strict.parse_canonical(sealed.payload) == {"a": "ä"}


def test_a_changed_payload_or_type_is_not_signed() -> None:
    key = keys.generate()
    raw = json.loads(envelope.seal({"points": 1}, envelope.SUBMISSION, key))
    edited = {**raw, "payload": base64.b64encode(b'{"points":9}').decode()}
    assert not envelope.opened(json.dumps(edited).encode(), envelope.SUBMISSION).signed_by(keys.public_text(key))
    retyped = {**raw, "payloadType": envelope.CHECKPOINT}
    assert not envelope.opened(json.dumps(retyped).encode(), envelope.CHECKPOINT).signed_by(keys.public_text(key))
    with pytest.raises(SubmissionError, match="a submission"):
        envelope.opened(json.dumps(raw).encode(), envelope.CHECKPOINT)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": 1},
        {"payload": "!!"},
        {"payloadType": "text/plain"},
        {"payloadType": ["a"]},
        {"signatures": []},
        {"signatures": [{"keyid": "a", "sig": 1}]},
        {"signatures": [{"keyid": "a"}]},
        {"signatures": "abc"},
        {"more": 1},
    ],
    ids=str,
)
def test_an_envelope_of_another_form_is_refused(change: dict[str, object]) -> None:
    raw = json.loads(envelope.seal({}, envelope.SUBMISSION, keys.generate()))
    with pytest.raises(SubmissionError):
        envelope.opened(json.dumps({**raw, **change}).encode(), envelope.SUBMISSION)


def test_a_signature_that_is_not_base64_is_no_signature() -> None:
    key = keys.generate()
    raw = json.loads(envelope.seal({}, envelope.SUBMISSION, key))
    raw["signatures"][0]["sig"] = "???"
    assert not envelope.opened(json.dumps(raw).encode(), envelope.SUBMISSION).signed_by(keys.public_text(key))


def test_keys_are_those_of_openssh(tmp_path: Path) -> None:
    key = keys.generate()
    keys.save_private(key, tmp_path / "id")
    assert (tmp_path / "id").stat().st_mode & 0o777 == 0o600
    assert keys.public_text(keys.load_private(tmp_path / "id")) == keys.public_text(key)
    with pytest.raises(FileExistsError):
        keys.save_private(key, tmp_path / "id")


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2E=", "x" * 2000])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SubmissionError):
        keys.parse_public(text)
