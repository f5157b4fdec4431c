"""Compile the ``*.in`` files into locks with hashes: ``make lock``.

Two builds of torch carry one version. The CPU build (from a folder of wheels named by ``UV_FIND_LINKS``) is what
tests and the CPU worker use; the CUDA build comes from the public index and needs the packages of ``cuda.lock``.
The locks write ``torch==2.13.0`` and accept both by hash.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def compiled(source: str, *options: str, wheels: str) -> str:
    """Return the lock text that uv compiles from one ``.in`` file.

    Parameters
    ----------
    source
        Name of the file beside this script.
    options
        Further options for ``uv pip compile``.
    wheels
        Folder with wheels that no index has (the CPU build of torch), or an empty string.
    """
    command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--python-version=3.11", "--no-header"]
    command += ["--python-platform=x86_64-manylinux_2_28", "--no-annotate", "--override=overrides.txt"]
    environment = {**os.environ, "UV_FIND_LINKS": wheels, "UV_NO_CONFIG": "1"}
    done = subprocess.run(
        [*command, *options, source], cwd=HERE, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def torch_hashes(lock: str) -> list[str]:
    """Return the ``--hash=...`` words of the torch entry of a lock."""
    entry = re.search(r"^torch==.*?(?=^[a-z#])", lock + "\nz", re.MULTILINE | re.DOTALL)
    return HASH.findall(entry.group(0)) if entry else []


def with_both_builds(lock: str, *, cpu: list[str], cuda: list[str]) -> str:
    """Let the torch entry of a lock accept the CPU build and the CUDA build alike."""
    words = " \\\n".join(f"    {word}" for word in sorted({*cpu, *cuda}))
    builds = ", ".join(word.removeprefix("--hash=sha256:")[:12] for word in cpu)
    note = f"# {builds}... is the CPU build (2.13.0+cpu) for CPython 3.11 on Linux; the others come from the index.\n"
    return re.sub(
        r"^torch==([\d.]+)(?:\+cpu)? \\\n(?:    --hash=\S+(?: \\)?\n)+",
        lambda found: f"{note}torch=={found.group(1)} \\\n{words}\n",
        lock,
        flags=re.MULTILINE,
    )


def main() -> int:
    """Write the four locks."""
    wheels = os.environ.get("UV_FIND_LINKS", "")
    if not wheels:
        print("Set UV_FIND_LINKS to the folder that holds the CPU wheel of torch, then run this again.")
        return 2
    head = "# Written by `make lock` from {}. Do not edit.\n"
    development = compiled("dev.in", wheels=wheels).replace("+cpu", "")
    constraint = HERE / ".dev.constraint"
    constraint.write_text(re.sub(r" \\\n(?:    --hash=\S+(?: \\)?\n)+", "\n", development))
    try:
        together = f"--constraint={constraint.name}"
        cuda = compiled("cuda.in", together, wheels="")
        web = compiled("web.in", together, wheels=wheels)
        worker = compiled("worker.in", together, wheels=wheels)
    finally:
        constraint.unlink()
    builds = {"cpu": torch_hashes(worker), "cuda": torch_hashes(cuda)}
    for name, text in {"dev": development, "web": web, "worker": worker, "cuda": cuda}.items():
        (HERE / f"{name}.lock").write_text(head.format(f"{name}.in") + with_both_builds(text, **builds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
