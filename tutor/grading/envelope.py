"""Signed files: a DSSE envelope around canonical JSON (https://github.com/secure-systems-lab/dsse).

The envelope and the verification are those of ``securesystemslib``; here are the limits, and the types of payload.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.errors import SubmissionError
from tutor.grading import keys, strict
from tutor.i18n import tell

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CHECKPOINT = "application/vnd.nettutor.checkpoint.v1+json"
_PARTS = 100
SUBMISSION = "application/vnd.nettutor.submission.v1+json"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope whose form is right and whose signatures nobody has looked at yet. ``payload`` is not parsed.

    The id of a key in it is the public key itself, in one line as in ``keys``: what it signs can be told before
    anything that was signed is looked at.
    """

    payload: bytes
    payload_type: str
    signers: tuple[str, ...]  # public keys that it claims
    _raw: dict[str, Any]

    def signed_by(self, public: str) -> bool:
        """Whether one of the signatures is that of this public key (one line, as in ``keys``)."""
        from securesystemslib.dsse import Envelope
        from securesystemslib.exceptions import FormatError, VerificationError
        from securesystemslib.signer import SSlibKey

        key = SSlibKey.from_crypto(keys.parse_public(public), keyid=public)
        copied = {**self._raw, "signatures": [dict(each) for each in self._raw["signatures"]]}
        try:
            Envelope.from_dict(copied).verify([key], 1)
        except (VerificationError, FormatError, ValueError, KeyError):
            return False
        return True


def seal(value: Any, payload_type: str, key: Ed25519PrivateKey) -> bytes:
    """``value`` in canonical JSON, signed, as the bytes of a file."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey

    public = SSlibKey.from_crypto(key.public_key(), keyid=keys.public_text(key))
    envelope = Envelope(strict.canonical(value), payload_type, {})
    envelope.sign(CryptoSigner(key, public))
    return strict.canonical(envelope.to_dict()) + b"\n"


def opened(data: bytes, payload_type: str) -> Sealed:
    """The envelope in ``data``, when it is one for this type of payload. Raises ``SubmissionError``."""
    raw = strict.parse(data, parts=_PARTS)
    if not isinstance(raw, dict) or set(raw) != {"payload", "payloadType", "signatures"}:
        raise SubmissionError(tell("it is not a signed file of nettutor"))
    found, payload, signatures = raw["payloadType"], raw["payload"], raw["signatures"]
    if found != payload_type:
        other = next((name for kind, name in _NAMES.items() if kind == found), tell("something else"))
        raise SubmissionError(tell("it is not {wanted}, but {found}", wanted=_NAMES[payload_type], found=other))
    right = (
        isinstance(payload, str)
        and isinstance(signatures, list)
        and 0 < len(signatures) <= 4
        and all(
            isinstance(each, dict)
            and set(each) == {"keyid", "sig"}
            and all(isinstance(text, str) and len(text) < 200 for text in each.values())
            for each in signatures
        )
    )
    if not right:
        raise SubmissionError(tell("its envelope is not as it should be"))
    try:
        inside = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SubmissionError(tell("its payload is not base64")) from error
    return Sealed(inside, payload_type, tuple(each["keyid"] for each in signatures), raw)


_NAMES = {CHECKPOINT: tell("a checkpoint"), SUBMISSION: tell("a submission")}
