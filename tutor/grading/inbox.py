"""From the bytes of a file to a submission that is who it says it is.

In this order: size and depth, signature, form, roster, checkpoint, nonce, the chain of its entries. Whatever fails
first is the reason, in one clause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tutor.errors import SubmissionError
from tutor.grading import envelope, forms, keys, seeds, strict
from tutor.grading.course import Course
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint
from tutor.model.progress import Attempt
from tutor.model.submission import Entry, Submission
from tutor.store import Event, first_broken
from tutor.store import attempts as folded

TAKEN = "taken"
"""The kind of a submission's first entry: which checkpoint was begun, by whom, and with which nonce."""
LONGEST_COMMAND = 16_384
MOST_COMMANDS = 5_000
MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission to be judged. ``digest`` is its payload's SHA-256 in hexadecimal; ``attempts`` are by lesson."""

    digest: str
    submission: Submission
    checkpoint: Checkpoint
    attempts: Mapping[str, Attempt]
    key_listed: bool  # in the roster; else the first key that is seen of a learner is theirs


def accept(data: bytes, course: Course) -> Accepted:
    """The submission in a file. Raises ``SubmissionError``; claims in it are still only claims."""
    sealed = envelope.opened(data, envelope.SUBMISSION)
    key = _signer(sealed)
    submission = forms.read(strict.parse_canonical(sealed.payload, fractions=False), Submission)
    listed = _identify(submission, key, course)
    if submission.course != course.id:
        raise SubmissionError(
            tell(
                "it is for the course {other}, not {course}", other=repr(submission.course[:40]), course=repr(course.id)
            )
        )
    if submission.checkpoint not in course.checkpoint_ids():
        raise SubmissionError(tell("the course has no checkpoint {id}", id=repr(submission.checkpoint[:40])))
    checkpoint = course.checkpoint(submission.checkpoint)
    _check_nonce(submission, course)
    attempts = _attempts(submission)
    return Accepted(hashlib.sha256(sealed.payload).hexdigest(), submission, checkpoint, attempts, listed)


def submission_in(data: bytes) -> Submission:
    """What is in a file that was accepted before: nothing is verified again but its form."""
    sealed = envelope.opened(data, envelope.SUBMISSION)
    return forms.read(strict.parse(sealed.payload), Submission)


def with_key_of(learner: str, owner: str) -> SubmissionError:
    """A file of ``learner`` that ``owner`` signed."""
    return SubmissionError(
        tell(
            "it is handed in for {learner}, and signed with the key of {owner}",
            learner=repr(learner),
            owner=repr(owner),
        )
    )


def _signer(sealed: envelope.Sealed) -> str:
    if len(sealed.signers) != 1:
        raise SubmissionError(tell("it has more than one signature"))
    key = sealed.signers[0]
    if keys.public_text(keys.parse_public(key)) != key or not sealed.signed_by(key):
        raise SubmissionError(tell("its signature does not hold: it was changed after it was signed"))
    return key


def _identify(submission: Submission, key: str, course: Course) -> bool:
    """Whether the roster lists the key as this learner's. Raises where it is another's, or another is listed."""
    learner = course.learners.get(submission.learner)
    if learner is None:
        raise SubmissionError(tell("the roster has no learner {learner}", learner=repr(submission.learner[:64])))
    if submission.key != key:
        raise SubmissionError(tell("it names another key than the one that signed it"))
    owner = next((each.id for each in course.learners.values() if each.key == key), None)
    if owner is not None and owner != learner.id:
        raise with_key_of(learner.id, owner)
    if learner.key and owner is None:
        raise SubmissionError(
            tell("it is not signed with the key that the roster lists for {learner}", learner=repr(learner.id))
        )
    return owner is not None


def _check_nonce(submission: Submission, course: Course) -> None:
    def nonce(learner: str) -> str:
        return seeds.nonce(course.secret, submission.checkpoint, learner)

    if submission.nonce == nonce(submission.learner):
        return
    owner = next((learner for learner in course.learners if nonce(learner) == submission.nonce), None)
    if owner is None:
        raise SubmissionError(tell("its nonce was never given out for this checkpoint"))
    raise SubmissionError(
        tell(
            "it is handed in for {learner}, with the nonce of {owner}",
            learner=repr(submission.learner),
            owner=repr(owner),
        )
    )


def _attempts(submission: Submission) -> Mapping[str, Attempt]:
    """The chain has to hold, and to begin with this checkpoint, learner and nonce."""
    entries = submission.entries
    if not entries or entries[0].kind != TAKEN:
        raise SubmissionError(tell("its log does not begin with the beginning of the checkpoint"))
    if len(entries) > MOST_ENTRIES:
        raise SubmissionError(tell("there are more than {most} entries in its log", most=MOST_ENTRIES))
    if (broken := first_broken((each.seq, _at(each), each.kind, each.body, each.hash) for each in entries)) is not None:
        raise SubmissionError(
            tell("its log was changed: entry {entry} does not follow from the one before", entry=broken)
        )
    bodies = [_body(each) for each in entries]
    told = (submission.course, submission.checkpoint, submission.learner, submission.nonce)
    if tuple(bodies[0].get(name) for name in ("course", "checkpoint", "learner", "nonce")) != told:
        raise SubmissionError(tell("its log is that of another checkpoint or learner"))
    try:
        attempts = folded(
            Event(each.seq, _at(each), each.kind, body, b"") for each, body in zip(entries, bodies, strict=True)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SubmissionError(tell("an entry of its log is not as it should be")) from error
    for attempt in attempts.values():
        for command in attempt.commands:
            texts = (command.step, command.machine, command.text)
            if not all(isinstance(text, str) for text in texts) or not isinstance(command.answer, bool):
                raise SubmissionError(tell("a command in its log is not as it should be"))
            if len(command.text) > LONGEST_COMMAND:
                raise SubmissionError(
                    tell("a command in its log is longer than {most} characters", most=LONGEST_COMMAND)
                )
        if len(attempt.commands) > MOST_COMMANDS:
            raise SubmissionError(tell("there are more than {most} commands in its log", most=MOST_COMMANDS))
    return attempts


def _at(entry: Entry) -> int:
    if not (entry.at.isascii() and entry.at.isdecimal() and len(entry.at) <= 20):
        raise SubmissionError(tell("entry {entry} has no time", entry=entry.seq))
    return int(entry.at)


def _body(entry: Entry) -> dict[str, Any]:
    body = strict.parse(entry.body.encode())
    if not isinstance(body, dict):
        raise SubmissionError(tell("entry {entry} is not as it should be", entry=entry.seq))
    return body
