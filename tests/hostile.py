"""Bytes that a terminal would rather not see: real control sequences, mutated. The same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

PIECES = (
    b"plain text of a line\r\n",
    "한국어 텍스트 e\u0301\u0302\u0303 👨‍👩‍👧‍👦 \u202e\u2066x\u2069 \U0001f1f0\U0001f1f7".encode(),
    b"\x1b[31;1mred\x1b[0m\x1b[38;5;200;48;2;1;2;3mX\x1b[4:3m\x1b[58:2::1:2:3mU\x1b[m",
    b"\x1b[H\x1b[2J\x1b[3J\x1b[10;20H\x1b[5L\x1b[3M\x1b[4P\x1b[7@\x1b[9X\x1b[K\x1b[1K\x1b[J",
    b"\x1b[?1049h\x1b[?1049l\x1b[?47h\x1b[?47l\x1b[?1047h\x1b[?1048h\x1b[?1048l",
    b"\x1b[5;10r\x1b[?69h\x1b[3;20s\x1b[S\x1b[T\x1bM\x1bD\x1bE\x1b[?69l\x1b[r",
    b"\x1b]0;title\x07\x1b]2;\xff\xfe\x1b\\\x1b]52;c;aGVsbG8=\x07\x1b]8;id=1;http://example.org\x1b\\link\x1b]8;;\x1b\\",
    b"\x1b]4;1;rgb:ff/00/00\x07\x1b]10;?\x07\x1b]11;?\x07\x1b]104\x07\x1b]133;A\x07\x1b]133;C\x07\x1b]1337;File=:AAAA\x07",
    b"\x1bP+q544e\x1b\\\x1bP$qm\x1b\\\x1bPq#0;2;0;0;0~-~\x1b\\\x1bP1000p\x1b\\",
    b"\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\\x1b_Ga=p,i=1,c=99999,r=99999\x1b\\\x1b_Ga=d\x1b\\",
    b"\x1b[c\x1b[>c\x1b[=c\x1b[6n\x1b[?6n\x1b[18t\x1b[14t\x1b[21t\x1b[?2026$p\x1b[?u\x1b[>1u\x1b[<u\x1b[>4;2m",
    b"\x1b(0lqqk\x1b(B\x0e\x0f\x1b)0\x1bn\x1bo\x1b#8\x1b#3\x1b#6\x1b[!p\x1bc",
    b"\x1b[999999999;999999999H\x1b[4294967296A\x1b[99b\x1b[;;;;;;;;;;;;;;;;;;;;;;;;;m\x1b[?2004h\x1b[?1006h",
    b"\x1b[20h\x1b[4h\x1b[?5h\x1b[?7l\x1b[?25l\x1b[?6h\x1b[?3h\x1b[?40h\x1b[?2027h\x1b[?2026h\x1b[?2026l",
    b"\tTAB\x08\x08\x0b\x0c\x85\x9b31m\x9d0;c1\x9c\x90q\x9c\x18\x1a\x7f",
)


def hostile(size: int, seed: int) -> Iterator[bytes]:
    """About ``size`` bytes, in pieces of up to 64 KiB."""
    chance = random.Random(seed)
    made = 0
    while made < size:
        block = bytearray()
        while len(block) < 65536:
            piece = bytearray(chance.choice(PIECES) * chance.choice((1, 1, 2, 9)))
            for _ in range(chance.choice((0, 0, 1, 1, 3))):
                at = chance.randrange(len(piece))
                match chance.randrange(4):
                    case 0:
                        piece[at] = chance.randrange(256)
                    case 1:
                        del piece[at : at + chance.randrange(8)]
                    case 2:
                        piece[at:at] = chance.randbytes(chance.randrange(6))
                    case _:
                        piece[at:at] = str(chance.choice((0, 1, 255, 32767, 2**31, 2**32 - 1))).encode()
                if not piece:
                    break
            block += piece
        yield bytes(block[:65536])
        made += 65536
