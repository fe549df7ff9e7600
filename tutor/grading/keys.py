"""Ed25519 keys: made, read and written as OpenSSH does, so that a learner's own ``~/.ssh/id_ed25519`` will do.

The arithmetic is that of ``cryptography``; the id of a key is the fingerprint that ``ssh-keygen -l`` shows.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.errors import SubmissionError, UsageError
from tutor.i18n import tell

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def generate() -> Ed25519PrivateKey:
    """A new key from the system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def public_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public half in one line, ``ssh-ed25519 AAAA…`` (RFC 8709), without a comment."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def parse_public(text: str) -> Ed25519PublicKey:
    """The key of a line ``ssh-ed25519 AAAA… [comment]``. Raises ``SubmissionError`` where it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    words = text.split()
    if len(words) < 2 or len(text) > 1000:
        raise SubmissionError(tell("it is no public key in one line (ssh-ed25519 AAAA…)"))
    try:
        key = load_ssh_public_key(" ".join(words[:2]).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SubmissionError(tell("it is no public key in one line (ssh-ed25519 AAAA…)")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise SubmissionError(tell("it is a key of the kind {kind}; nettutor takes ssh-ed25519", kind=words[0][:30]))
    return key


def fingerprint(public: str) -> str:
    """``SHA256:…`` of a public key in one line, as ``ssh-keygen -l`` says it."""
    blob = base64.b64decode(public.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def load_private(path: Path) -> Ed25519PrivateKey:
    """A private key in OpenSSH's form without a passphrase. Raises ``UsageError`` that says what to do."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except TypeError as error:
        raise UsageError(
            tell("{path}: it has a passphrase; make one without: ssh-keygen -t ed25519 -f FILE -N ''", path=path)
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(tell("{path}: it is no private key of OpenSSH", path=path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            tell("{path}: it is not an Ed25519 key; make one: ssh-keygen -t ed25519 -f FILE -N ''", path=path)
        )
    return key


def save_private(key: Ed25519PrivateKey, path: Path) -> None:
    """Write a private key that only its owner may read; an existing file is never written over."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    data = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
