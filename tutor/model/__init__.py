"""The words of the field as frozen dataclasses: lesson, topology, wants, facts, verdict, progress.

Standard library only. Nothing here reads a file, a socket or a clock; everything above speaks in these types.
"""
