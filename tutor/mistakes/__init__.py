"""What learners mistype, and what the tools' error messages mean: a remark on a command that has just failed.

Pure: the text of a command, its exit status and what it printed in, a plain sentence out. The catalogue of messages
is data, written once for all lessons. Knows nothing of terminals, sessions and screens; the terminal keeps what the
tools said, word for word.
"""

from tutor.mistakes.remarks import Remark, remark
from tutor.mistakes.words import Words, words_of

__all__ = ["Remark", "Words", "remark", "words_of"]
