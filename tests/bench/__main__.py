"""Run the benchmarks that are named, or all, and print one line a figure. Exit status 1 if a target is missed."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

import bench


def main() -> int:
    names = [name.removeprefix("bench_") for _, name, _ in pkgutil.iter_modules(bench.__path__) if "bench_" in name]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names, []], help=f"of {', '.join(names)}; none means all")
    missed = False
    for name in parser.parse_args().names or names:
        for figure in importlib.import_module(f"bench.bench_{name}").figures():
            print(figure, flush=True)
            missed |= not figure.reached
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
