"""A course on the instructor's disk: its keys and secret, its roster, its checkpoints, and the files to hand out.

::

    course.json         id, title, public key
    instructor.key      signs what is handed out (OpenSSH, for the owner's eyes only)
    secret              what each learner's parameters are drawn from; whoever has it can draw them again
    roster.csv          id,name,key
    checkpoints/ID.json what the instructor chose
    handouts/ID.checkpoint
    gradebook.sqlite3
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tutor.errors import SubmissionError, UsageError
from tutor.grading import envelope, forms, keys, roster, seeds, strict, whole
from tutor.grading.roster import Learner
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Entrant

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
SUFFIX = ".checkpoint"


@dataclass(frozen=True)
class Course:
    """An open course directory. Files are read when they are asked for; each that is wrong is a ``UsageError``."""

    path: Path
    id: str
    title: str
    public_key: str
    _read: dict[str, Checkpoint] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def create(cls, path: Path, *, id: str, title: str, learners: Path) -> Course:
        """A new course in a directory that does not exist yet, or is empty. All of it is there, or nothing."""
        check_id(id, "course")
        roster.read(learners)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(tell("{path} is there already; a course begins in a directory of its own", path=path))
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            key = keys.generate()
            keys.save_private(key, staging / "instructor.key")
            whole.replace(staging / "secret", secrets.token_hex(32).encode() + b"\n", mode=0o600)
            shutil.copyfile(learners, staging / "roster.csv")
            about = {"schema": 1, "id": id, "title": title, "public_key": keys.public_text(key)}
            whole.replace(staging / "course.json", _pretty(about))
            for name in ("checkpoints", "handouts"):
                (staging / name).mkdir()
            if path.exists():
                path.rmdir()
            staging.rename(path)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Course:
        """The course in a directory; ``UsageError`` where there is none."""
        if not (path / "course.json").is_file():
            raise UsageError(tell("{path} is no course; begin one with `nettutor checkpoint new {path}`", path=path))
        about = _read(path / "course.json")
        wrong = not isinstance(about, dict) or any(
            not isinstance(about.get(k), str) for k in ("id", "title", "public_key")
        )
        if wrong or about.get("schema") != 1:
            raise UsageError(
                tell("{file}: it is not the description of a course that this version knows", file=path / "course.json")
            )
        return cls(path, about["id"], about["title"], about["public_key"])

    @cached_property
    def learners(self) -> Mapping[str, Learner]:
        """By id, in the order of the roster."""
        return {learner.id: learner for learner in roster.read(self.path / "roster.csv")}

    @property
    def handouts(self) -> Path:
        return self.path / "handouts"

    @property
    def gradebook(self) -> Path:
        return self.path / "gradebook.sqlite3"

    @cached_property
    def secret(self) -> bytes:
        """32 bytes."""
        try:
            return bytes.fromhex((self.path / "secret").read_text().strip())
        except (OSError, ValueError) as error:
            raise UsageError(
                tell("{file}: the secret of the course cannot be read", file=self.path / "secret")
            ) from error

    def checkpoint_ids(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in (self.path / "checkpoints").glob("*.json")))

    def checkpoint(self, id: str) -> Checkpoint:
        """A checkpoint with every learner's seed and nonce, as it is handed out. ``UsageError`` for an unknown id."""
        if id in self._read:
            return self._read[id]
        path = self.path / "checkpoints" / f"{id}.json"
        if id not in self.checkpoint_ids():
            known = ", ".join(self.checkpoint_ids()) or "none yet"
            raise UsageError(
                tell(
                    "the course {course} has no checkpoint {asked}; there are: {known}",
                    course=repr(self.id),
                    asked=repr(id[:40]),
                    known=known,
                )
            )
        try:
            chosen = forms.read(_read(path), Checkpoint)
        except SubmissionError as error:
            raise UsageError(tell("{path}: {reason}", path=path, reason=error.message)) from error
        entrants = {learner.id: self._entrant(id, learner) for learner in self.learners.values()}
        self._read[id] = replace(chosen, learners=entrants)
        return self._read[id]

    def add(self, chosen: Checkpoint, *, again: bool = False) -> Path:
        """Keep a checkpoint, and write the file to hand out; gives its path. ``again`` replaces one of the same id."""
        check_id(chosen.id, "checkpoint")
        if chosen.id in self.checkpoint_ids() and not again:
            raise UsageError(tell("there is a checkpoint {id} already; --again replaces it", id=repr(chosen.id)))
        bare = replace(chosen, learners={})
        self._read.pop(chosen.id, None)
        whole.replace(self.path / "checkpoints" / f"{chosen.id}.json", _pretty(forms.plain(bare)))
        return self.hand_out(chosen.id)

    def hand_out(self, id: str) -> Path:
        """Write ``handouts/ID.checkpoint`` anew, for the roster as it is now."""
        key = keys.load_private(self.path / "instructor.key")
        data = envelope.seal(forms.plain(self.checkpoint(id)), envelope.CHECKPOINT, key)
        path = self.handouts / f"{id}{SUFFIX}"
        whole.replace(path, data)
        return path

    def _entrant(self, checkpoint: str, learner: Learner) -> Entrant:
        return Entrant(
            seeds.seed(self.secret, checkpoint, learner.id),
            seeds.nonce(self.secret, checkpoint, learner.id),
            learner.key,
        )


def read_handout(path: Path, known: Callable[[Checkpoint, str], bool] = lambda _, __: False) -> Checkpoint:
    """The checkpoint in a file that was handed out, when its signature is that of the instructor it names.

    ``known`` says whether a file of this SHA-256 (hexadecimal) was found right before: then the signature, whose
    libraries take longer to load than a lab to start, is not looked at again. Raises ``UsageError`` that begins with
    the path.
    """
    try:
        data = strict.read(path)
        sealed = envelope.opened(data, envelope.CHECKPOINT)
        checkpoint = forms.read(strict.parse(sealed.payload), Checkpoint)
        if not known(checkpoint, hashlib.sha256(data).hexdigest()):
            strict.parse_canonical(sealed.payload)
            if not sealed.signed_by(checkpoint.instructor):
                raise SubmissionError(tell("its signature does not hold: ask your instructor for the file again"))
    except SubmissionError as error:
        raise UsageError(tell("{path}: {reason}", path=path, reason=error.message)) from error
    return checkpoint


def check_id(id: str, what: str) -> None:
    """``UsageError`` for what cannot be the id of a course or a checkpoint: it is a file name, too."""
    if not _ID.fullmatch(id):
        raise UsageError(
            tell("{id} cannot be the id of a {what}: 1 to 40 small letters, digits and -", id=repr(id[:40]), what=what)
        )


def _pretty(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def _read(path: Path) -> Any:
    try:
        return strict.parse(strict.read(path))
    except SubmissionError as error:
        raise UsageError(tell("{path}: {reason}", path=path, reason=error.message)) from error
