"""What is taken in of a file that was handed in, and what is refused, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tutor.errors import SubmissionError, UsageError
from tutor.grading import envelope, forms, inbox, keys, strict
from tutor.grading.course import Course, read_handout
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.submission import Entry, Submission

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEYS = {learner: keys.generate() for learner in ("ann", "ben")}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    listed = "".join(f"{learner},{learner.title()},{keys.public_text(key)}\n" for learner, key in KEYS.items())
    (tmp_path / "roster.csv").write_text(f"id,name,key\n{listed}eve,Eve,\n")
    made = Course.create(tmp_path / "net", id="net", title="Networks", learners=tmp_path / "roster.csv")
    items = (Item("namespaces", 5, ("create",)), Item("nat", 5))
    made.add(Checkpoint("net", "mid", "Mid-term", made.public_key, items, minutes=60))
    return made


def taken(course: Course, learner: str, tmp_path: Path) -> Taking:
    taking = Taking.open(read_handout(course.handouts / "mid.checkpoint"), learner, root=tmp_path / learner)
    attempt = taking.store.begin("namespaces", seed=taking.entrant.seed)
    taking.store.record_open(attempt, "create")
    taking.store.record_command(attempt, "create", "host", "ip netns add red", 0)
    taking.store.record_command(attempt, "create", "how-many", "7", 0, answer=True)
    taking.store.record_goal(attempt, "create", "red", "met")
    return taking


@pytest.fixture
def file(course: Course, tmp_path: Path) -> bytes:
    with taken(course, "ann", tmp_path) as taking:
        return taking.seal(KEYS["ann"])


def test_what_was_done_is_what_is_taken_in(course: Course, file: bytes) -> None:
    accepted = inbox.accept(file, course)
    assert accepted.submission.learner == "ann"
    assert accepted.key_listed
    commands = accepted.attempts["namespaces"].commands
    assert [(command.step, command.text, command.answer) for command in commands] == [
        ("create", "ip netns add red", False),
        ("create", "7", True),
    ]
    assert accepted.submission.answers == {"namespaces#create/how-many": "7"}
    assert [claim.status for claim in accepted.submission.claims] == ["met"]
    assert accepted.checkpoint == course.checkpoint("mid")


def test_it_is_gone_on_with_after_a_crash(course: Course, tmp_path: Path) -> None:
    begun = taken(course, "ann", tmp_path)
    started = begun.started
    del begun  # as a program that was killed leaves it: nothing was closed
    with Taking.open(read_handout(course.handouts / "mid.checkpoint"), "ann", root=tmp_path / "ann") as again:
        assert again.started == started
        assert again.attempts()["namespaces"].commands
        left = again.clock().left
        assert left is not None
        assert 3000 < left <= 3600
        assert inbox.accept(again.seal(KEYS["ann"]), course).attempts["namespaces"].completed == ()


def test_a_learner_without_a_listed_key_may_bring_one(course: Course, tmp_path: Path) -> None:
    with taken(course, "eve", tmp_path) as taking:
        accepted = inbox.accept(taking.seal(keys.generate()), course)
    assert not accepted.key_listed


def test_the_wrong_key_is_told_before_it_signs(course: Course, tmp_path: Path) -> None:
    with taken(course, "ann", tmp_path) as taking, pytest.raises(UsageError, match="another key"):
        taking.seal(keys.generate())


def test_a_learner_must_be_in_the_roster(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="knows no learner"):
        Taking.open(read_handout(course.handouts / "mid.checkpoint"), "zoe", root=tmp_path)


Change = Callable[[Submission], Submission]


def resealed(file: bytes, change: Change, key: Ed25519PrivateKey) -> bytes:
    submission = forms.read(strict.parse(envelope.opened(file, envelope.SUBMISSION).payload), Submission)
    return envelope.seal(forms.plain(change(submission)), envelope.SUBMISSION, key)


def edited_command(submission: Submission) -> Submission:
    entries = tuple(
        replace(each, body=each.body.replace("netns add red", "netns add blue")) for each in submission.entries
    )
    return replace(submission, entries=entries)


def entry_left_out(submission: Submission) -> Submission:
    return replace(submission, entries=(*submission.entries[:2], *submission.entries[3:]))


def no_beginning(submission: Submission) -> Submission:
    return replace(submission, entries=submission.entries[1:])


@pytest.mark.parametrize(
    ("change", "signer", "reason"),
    [
        (lambda s: s, "ben", "another key than the one"),
        (lambda s: replace(s, key=keys.public_text(KEYS["ben"])), "ben", "signed with the key of 'ben'"),
        (lambda s: replace(s, learner="ben"), "ann", "handed in for 'ben', and signed with the key of 'ann'"),
        (lambda s: replace(s, learner="zoe"), "ann", "no learner 'zoe'"),
        (lambda s: replace(s, course="other"), "ann", "for the course 'other'"),
        (lambda s: replace(s, checkpoint="final"), "ann", "no checkpoint 'final'"),
        (lambda s: replace(s, nonce="0" * 32), "ann", "never given out"),
        (edited_command, "ann", "entry 4 does not follow"),
        (entry_left_out, "ann", "entry 3 does not follow"),
        (no_beginning, "ann", "does not begin with the beginning"),
        (lambda s: replace(s, entries=()), "ann", "does not begin with the beginning"),
        (lambda s: replace(s, entries=(replace(s.entries[0], at="soon"),)), "ann", "has no time"),
        (lambda s: replace(s, schema=2), "ann", "schema 2"),
    ],
)
def test_a_file_that_is_not_right_is_refused(
    change: Change, signer: str, reason: str, course: Course, file: bytes
) -> None:
    with pytest.raises(SubmissionError, match=reason) as refused:
        inbox.accept(resealed(file, change, KEYS[signer]), course)
    assert "\n" not in str(refused.value)


def test_a_friends_nonce_names_both(course: Course, file: bytes, tmp_path: Path) -> None:
    nonce = course.checkpoint("mid").learners["ben"].nonce
    with pytest.raises(SubmissionError, match="'ann', with the nonce of 'ben'"):
        inbox.accept(resealed(file, lambda s: replace(s, nonce=nonce), KEYS["ann"]), course)


def test_a_changed_file_is_refused_by_its_signature(course: Course, file: bytes) -> None:
    raw = json.loads(file)
    payload = json.loads(envelope.opened(file, envelope.SUBMISSION).payload)
    payload["claims"] = []
    import base64

    raw["payload"] = base64.b64encode(strict.canonical(payload)).decode()
    with pytest.raises(SubmissionError, match="signature does not hold"):
        inbox.accept(json.dumps(raw).encode(), course)


def test_without_a_signature_nothing_is_read(course: Course, file: bytes) -> None:
    raw = json.loads(file)
    for signatures in ([], [{"keyid": "", "sig": ""}], [*raw["signatures"], {"keyid": "x", "sig": ""}]):
        with pytest.raises(SubmissionError):
            inbox.accept(json.dumps({**raw, "signatures": signatures}).encode(), course)


@pytest.mark.parametrize(
    "body",
    [
        {"attempt": 2, "step": 1, "machine": "host", "text": "x", "exit_status": 0, "answer": False},
        {"attempt": 2, "step": "create", "machine": "host", "text": ["x"], "exit_status": 0, "answer": False},
        {"attempt": 2, "step": "create", "machine": "host", "text": "x" * 20_000, "exit_status": 0, "answer": False},
        {"attempt": 2, "step": "create"},
        [],
    ],
    ids=["a step that is no text", "a command that is no text", "a long command", "no command", "no object"],
)
def test_an_entry_of_another_form_is_refused(body: Any, course: Course, file: bytes) -> None:
    from tutor.store.journal import chain

    def with_entry(submission: Submission) -> Submission:
        last = submission.entries[-1]
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        digest = chain(bytes.fromhex(last.hash), last.seq + 1, int(last.at), "command", text).hex()
        return replace(submission, entries=(*submission.entries, Entry(last.seq + 1, last.at, "command", text, digest)))

    with pytest.raises(SubmissionError):
        inbox.accept(resealed(file, with_entry, KEYS["ann"]), course)
