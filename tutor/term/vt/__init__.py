"""The child process that turns a terminal's bytes into rows of styled text.

It gets one end of a socket and nothing else: no terminal, no files, an empty environment. ``frames`` is what travels;
``ghostty`` and ``bitty`` are two libraries behind one small interface (``backend``). It imports little, since it has
to be ready before the first prompt is.
"""
