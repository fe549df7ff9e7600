"""Files that somebody made to do harm: refused in one line, soon, with little memory; or shown as text."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from handed_in import RIGHT, Pupils, lessons, with_texts

from tutor import cli
from tutor.errors import SubmissionError
from tutor.grading import envelope, forms, inbox, keys, strict
from tutor.grading.book import Book
from tutor.model.submission import Submission

MEMORY, SECONDS = 200 * 1024, 1.0  # KiB, of processor time
WHOLE = strict.LARGEST
INSIDE = WHOLE * 3 // 4 - 70_000
NASTY = "\x1b]52;c;eA==\x07\x1b[21t\x9b31m\u202e[@click=app.quit]x[/] [/foo]<script>alert(1)</script>\x00"


def _zip() -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 10_000_000)
    return data.getvalue()


def _filled(begin: bytes, part: bytes, end: bytes, size: int = WHOLE) -> bytes:
    return begin + part * ((size - len(begin) - len(end)) // len(part)) + end


OUTSIDE: dict[str, bytes] = {
    "nothing": b"",
    "twice": b'{"payload":"","payload":"","payloadType":"x","signatures":[]}',
    "not-a-number": b'{"a":NaN}',
    "infinite": b'{"a":1e999}',
    "nested": b"[" * 200_000 + b"]" * 200_000,
    "objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "integer": b'{"a":' + b"9" * 5_000 + b"}",
    "surrogate": b'{"a":"\\ud800"}',
    "zip": _zip(),
    "pickle": pickle.dumps({"payload": 1}),
    "binary": bytes(range(256)) * 1000,
    "integers": _filled(b"[", b"1234567,", b"1]"),
    "zeros": _filled(b"[", b"0,", b"0]"),
    "texts": _filled(b"[", b'"abc",', b'""]'),
    "empty-arrays": _filled(b"[", b"[],", b"[]]"),
    "escapes": _filled(b'["', b"\\u0041", b'"]'),
    "backslashes": _filled(b'["', b"\\\\", b'"]'),
    "wide": _filled(b'["', "😀".encode(), b'"]'),
    "open": _filled(b'["', b"a", b""),
    "blank": _filled(b"[", b" ", b"]"),
    "unsigned": json.dumps({"payload": "e30=", "payloadType": envelope.SUBMISSION, "signatures": []}).encode(),
    "other-type": envelope.seal({}, envelope.CHECKPOINT, keys.generate()),
}
SIGNED: dict[str, bytes] = {
    "signed-nonsense": b"\xff",
    "signed-array": b"[]",
    "signed-integers": _filled(b"[", b"1234567,", b"1]", INSIDE),
    "signed-texts": _filled(b"[", b'"abc",', b'""]', INSIDE),
    "signed-escapes": _filled(b'["', b"\\n", b'"]', INSIDE),
    "signed-wide": _filled(b'["', "😀".encode(), b'"]', INSIDE),
    "signed-nested": b"[" * 200_000 + b"]" * 200_000,
    "signed-twice": b'{"a":1,"a":1}',
}
"""Payloads under a good signature of nobody's."""


@pytest.fixture(scope="module")
def pupils(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETTUTOR_LESSONS", str(lessons(folder)))
        yield Pupils.found(folder, ["ann", "ben"])


def _sealed(payload: bytes) -> bytes:
    """Signed as it is."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey

    key = keys.generate()
    found = Envelope(payload, envelope.SUBMISSION, {})
    found.sign(CryptoSigner(key, SSlibKey.from_crypto(key.public_key(), keyid=keys.public_text(key))))
    return strict.canonical(found.to_dict())


def _long_log(submission: Submission) -> Submission:
    return replace(submission, entries=submission.entries * 6_000)


def _long_cast(submission: Submission) -> Submission:
    return replace(submission, casts={"small": {"host": "\\" * (INSIDE // 2 - 10_000)}})


@pytest.fixture(scope="module")
def folder(pupils: Pupils, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them as files."""
    folder = tmp_path_factory.mktemp("files")
    for name, data in OUTSIDE.items():
        (folder / name).write_bytes(data)
    for name, payload in SIGNED.items():
        (folder / name).write_bytes(_sealed(payload))
    right = pupils.submission("ann", RIGHT)
    (folder / "long-log").write_bytes(pupils.seal(_long_log(right)))
    (folder / "truncated").write_bytes(pupils.seal(right)[:-100])
    with (folder / "gigabyte").open("wb") as file:
        file.truncate(1 << 30)
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / os.fsdecode(b"\x1b[31m\xff\n[bold]")).write_bytes(b"{")
    return folder


_MEASURE = """
import os, resource, sys
sys.path[:0] = {path!r}
from pathlib import Path
import cryptography.hazmat.primitives.asymmetric.ed25519, msgspec, securesystemslib.dsse, securesystemslib.signer
from tutor.errors import SubmissionError
from tutor.grading import inbox, strict
from tutor.grading.course import Course
course = Course.open(Path(sys.argv[1]))
course.checkpoint("mid")
for path in sorted(Path(sys.argv[2]).iterdir()):
    sys.stdout.flush()
    if os.fork() == 0:
        begin = resource.getrusage(resource.RUSAGE_SELF)
        try:
            inbox.accept(strict.read(path), course)
            reason = "accepted"
        except SubmissionError as error:
            reason = str(error)
        end = resource.getrusage(resource.RUSAGE_SELF)
        used = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
        print(ascii((path.name, reason, used, end.ru_maxrss)), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def measured(pupils: Pupils, folder: Path) -> dict[str, tuple[str, float, int]]:
    """Reason, seconds of processor time and KiB of memory by the name of the file; each in a process of its own."""
    script = [sys.executable, "-c", _MEASURE.format(path=sys.path), str(pupils.course.path), str(folder)]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=110)
    found = [eval(line, {"__builtins__": {}}) for line in done.stdout.splitlines()]
    return {name: (reason, used, memory) for name, reason, used, memory in found}


def test_each_is_refused_soon_and_with_little_memory(measured: dict[str, tuple[str, float, int]], folder: Path) -> None:
    assert set(measured) == {path.name for path in folder.iterdir()}
    for name, (reason, used, memory) in measured.items():
        if name != "link":  # which is passed over before it is read
            assert reason != "accepted", name
        assert reason, name
        assert "\n" not in reason
        assert len(reason) < 300, name
        assert used < SECONDS, (name, used)
        assert memory < MEMORY, (name, memory)


def test_the_largest_that_is_right_is_taken_in(pupils: Pupils) -> None:
    data = pupils.seal(_long_cast(pupils.submission("ann", RIGHT)))
    assert len(data) > WHOLE * 0.9
    assert inbox.accept(data, pupils.course).attempts["small"].commands


def test_one_line_is_said_of_each(
    pupils: Pupils, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    course = pupils.course
    for path in folder.iterdir():
        if path.stat().st_size < 1 << 20 or path.name == "gigabyte":
            (tmp_path / path.name).hardlink_to(path)
    folder = tmp_path
    status = cli.main(["grade", str(folder), "--course", str(course.path)])
    said = capfd.readouterr()
    assert status == 1
    assert not said.out
    lines = [line for line in said.err.splitlines() if str(folder) in line]
    assert len(lines) == len(list(folder.iterdir()))
    assert not set(said.err) & {"\x1b", "\x9b", "\r"}
    assert "files: 0 new" in said.err
    with Book.open(course.gradebook) as book:
        refused = book.refusals()
        assert len(refused) == len(lines)
        assert not book.waiting()
    assert cli.main(["grade", str(folder), "--course", str(course.path)]) == 1
    with Book.open(course.gradebook) as book:
        assert book.refusals() == refused, "said once"
        assert book.first_broken() is None


def test_texts_of_a_submission_are_only_texts(pupils: Pupils) -> None:
    accepted = inbox.accept(pupils.seal(with_texts(pupils.submission("ann", NASTY), NASTY)), pupils.course)
    assert accepted.submission.program == NASTY
    assert accepted.attempts["small"].commands[0].text == NASTY


IDENTITY: dict[str, Callable[[Submission], Submission]] = {
    name: lambda submission, name=name: replace(submission, **{name: NASTY})  # type: ignore[misc]
    for name in ("course", "checkpoint", "learner", "nonce", "key")
}


@pytest.mark.parametrize("field", IDENTITY)
def test_texts_in_a_refusal_are_quoted(pupils: Pupils, field: str) -> None:
    submission = IDENTITY[field](pupils.submission("ann", RIGHT))
    with pytest.raises(SubmissionError) as refused:
        inbox.accept(envelope.seal(forms.plain(submission), envelope.SUBMISSION, pupils.keys["ann"]), pupils.course)
    assert not set(str(refused.value)) & set("\x1b\x9b\x07\x00\u202e\n")


def test_another_type_of_payload_is_none(pupils: Pupils) -> None:
    """A signature for one purpose is none for another one."""
    plain = forms.plain(pupils.submission("ann", RIGHT))
    other = envelope.seal(plain, envelope.CHECKPOINT, pupils.keys["ann"])
    with pytest.raises(SubmissionError, match="not a submission, but a checkpoint"):
        inbox.accept(other, pupils.course)
    renamed = {**json.loads(other), "payloadType": envelope.SUBMISSION}
    with pytest.raises(SubmissionError, match="signature does not hold"):
        inbox.accept(strict.canonical(renamed), pupils.course)
