"""``python -m tutor.lab.tools.pin``: write the versions and checksums of this release's packages into the manifest.

Run on a release that is to be pinned, with a fresh network connection. As nothing is taken for installed, the pins
cover every library that a machine of that release may lack.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tutor import paths
from tutor.lab.tools.apt import Apt, release_and_architecture
from tutor.lab.tools.inventory import manifest


def main() -> int:
    name = release_and_architecture(platform.freedesktop_os_release())
    with tempfile.TemporaryDirectory() as scratch:
        nothing = Path(scratch) / "status"
        nothing.touch()
        apt = Apt(Path(scratch), nothing)
        apt.update()
        wanted = dict.fromkeys(package for tool in manifest().values() for package in tool.packages_for("apt"))
        packages = apt.locate(apt.needed(list(wanted)))
    rows = sorted((asdict(package) for package in packages), key=lambda row: str(row["name"]))
    target = paths.assets() / "tools" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n")
    print(f"{target}: {len(rows)} packages", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
