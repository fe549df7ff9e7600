"""Lessons proven by breaking them: nothing starts done, every solution works, no broken solution does.

A *mutant* is a solution with one command left out, or broken in one of the ways in which learners break it. It must not
complete its step, and the reason given must name a layer that has to do with it. What is equivalent is declared in the
lesson, with why. Knows lessons, labs and replay; no command line and no screen.
"""

from tutor.proof.proof import prove
from tutor.proof.report import Finding, LessonProof, Proof

__all__ = ["Finding", "LessonProof", "Proof", "prove"]
