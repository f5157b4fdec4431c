"""Run a command with DATABASE_URL naming a new PostgreSQL server: ``python -m tests.with_postgres pytest ...``."""

import os
import subprocess
import sys

from tests.servers import postgres


def main() -> int:
    """Run the words after the module's name and return their exit status."""
    with postgres() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
