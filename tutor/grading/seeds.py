"""What is each learner's own: numbers that only the holder of the course's secret can make, and can make again."""

from __future__ import annotations

import hashlib
import hmac


def seed(secret: bytes, checkpoint: str, learner: str) -> int:
    """From 1 to 2**48: draws the parameters of all lessons of a checkpoint for this learner."""
    return 1 + int.from_bytes(_mac(secret, "seed", checkpoint, learner)[:6])


def nonce(secret: bytes, checkpoint: str, learner: str) -> str:
    """32 hexadecimal digits, good for one submission."""
    return _mac(secret, "nonce", checkpoint, learner)[:16].hex()


def other_seed(secret: bytes, checkpoint: str, learner: str, number: int) -> int:
    """A seed that nobody was given, to try a submission with: ``number`` counts from 0."""
    return 1 + int.from_bytes(_mac(secret, f"other {number}", checkpoint, learner)[:6])


def _mac(secret: bytes, *words: str) -> bytes:
    return hmac.new(secret, "\0".join(words).encode(), hashlib.sha256).digest()
