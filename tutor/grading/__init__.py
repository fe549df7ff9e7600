"""Checkpoints: made by an instructor, taken in the tutor, handed in as one signed file, graded by doing it all again.

What a submission claims is never believed: its commands are typed into a fresh lab, and the validators look. Knows no
screen; a replay is the same as everywhere else in the program.
"""
