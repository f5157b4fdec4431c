"""Install the Debian packages that only tests need, or name them in one line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What is looked for, and the package that brings it.
NEEDED = {
    "redis-server": "redis-server",
    "postgres": "postgresql",
    "chromium": "chromium",
    "storescu": "dcmtk",
    "dciodvfy": "dicom3tools",
    "openssl": "openssl",
    "Orthanc": "orthanc",
    "libOrthancDicomWeb.so": "orthanc-dicomweb",
}
# Debian keeps these out of PATH.
ELSEWHERE = {"Orthanc": Path("/usr/sbin"), "libOrthancDicomWeb.so": Path("/usr/share/orthanc/plugins")}
POLICY = Path("/usr/sbin/policy-rc.d")
POSTGRES_VERSIONS = Path("/usr/lib/postgresql")


def is_here(program: str) -> bool:
    """Return whether a program is installed; Debian keeps PostgreSQL's servers out of PATH."""
    if program == "postgres" and any(POSTGRES_VERSIONS.glob("*/bin/postgres")):
        return True
    if program in ELSEWHERE:
        return (ELSEWHERE[program] / program).exists()
    return shutil.which(program) is not None


def missing() -> list[str]:
    """Return the packages to install, in order."""
    return [package for program, package in NEEDED.items() if not is_here(program)]


@contextmanager
def services_kept_still() -> Iterator[None]:
    """Keep apt from starting what it installs (Debian policy 9.3.3.1): the tests start servers of their own."""
    try:
        handle = os.open(POLICY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    except FileExistsError:
        yield  # The machine has a policy of its own.
        return
    try:
        with os.fdopen(handle, "w") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def main() -> int:
    """Install what is missing where we may, otherwise say what to install."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(packages)} for the tests ...", flush=True)
        apt = ["apt-get", "--quiet", "--quiet", "--yes", "--option=DPkg::Lock::Timeout=120"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with services_kept_still():
            for words in (["update"], ["install", "--no-install-recommends", *packages]):
                subprocess.run([*apt, *words], env=quiet, stdout=subprocess.DEVNULL, check=False)
        packages = missing()
    if packages:
        print(f"The tests need these Debian packages: apt install {' '.join(packages)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
