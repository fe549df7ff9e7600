"""The command line: one module a command."""


def main() -> int:
    raise NotImplementedError
