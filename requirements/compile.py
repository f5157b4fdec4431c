"""Compile the ``*.in`` files into locks with hashes: ``make lock``.

torch comes in two builds. The CPU build (2.13.0+cpu, from a folder of wheels named by ``UV_FIND_LINKS``) has a lock of
its own, ``cpu.lock``; the public build needs the CUDA libraries that stand beside it in ``cuda.lock``. The other locks
leave torch out, and whoever installs them adds one of these two.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENTRY = r"^{name}==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{{64}}(?: \\)?\n)+"
TORCH = re.compile(ENTRY.format(name="torch"), re.MULTILINE)
HASHES = re.compile(r" \\\n(?:    --hash=\S+(?: \\)?\n)+")
HEAD = "# Written by `make lock` from {}. Do not edit.\n"


def compiled(name: str, *options: str, wheels: str) -> str:
    """Return the lock text that uv compiles from one ``.in`` file.

    Versions of the lock that is there are kept where they still fit; delete the lock to take the newest.

    Parameters
    ----------
    name
        Name of the ``.in`` file beside this script, without its ending.
    options
        Further options for ``uv pip compile``.
    wheels
        Folder with wheels that no index has (the CPU build of torch), or an empty string.
    """
    command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--python-version=3.11", "--no-header"]
    command += ["--python-platform=x86_64-manylinux_2_28", "--no-annotate", "--override=overrides.txt"]
    environment = {**os.environ, "UV_FIND_LINKS": wheels, "UV_NO_CONFIG": "1"}
    lock = HERE / f"{name}.lock"
    subprocess.run(
        [*command, *options, f"--output-file={lock.name}", f"{name}.in"], cwd=HERE, env=environment, check=True
    )
    return lock.read_text()


def written(name: str, text: str, *, source: str) -> None:
    """Write one lock."""
    (HERE / f"{name}.lock").write_text(HEAD.format(source) + text)


def main() -> int:
    """Write the six locks."""
    wheels = os.environ.get("UV_FIND_LINKS", "")
    if not wheels:
        print("Set UV_FIND_LINKS to the folder that holds the CPU wheel of torch, then run this again.")
        return 2
    written("setup", compiled("setup", wheels=""), source="setup.in")
    development = compiled("dev", wheels=wheels)
    constraint = HERE / ".dev.constraint"
    constraint.write_text(HASHES.sub("\n", development).replace("+cpu", ""))
    try:
        together = f"--constraint={constraint.name}"
        for name in ("web", "worker"):
            written(name, TORCH.sub("", compiled(name, together, wheels=wheels)), source=f"{name}.in")
        written("cuda", compiled("cuda", together, wheels=""), source="cuda.in")
    finally:
        constraint.unlink()
    written("dev", TORCH.sub("", development), source="dev.in")
    written("cpu", "".join(TORCH.findall(development)), source="worker.in")
    return 0


if __name__ == "__main__":
    sys.exit(main())
