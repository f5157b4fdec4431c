"""Ask Django itself: are migrations complete, and would the deployment settings pass its own checks?"""

import os
import secrets
import subprocess
import sys
import tempfile

from deploy.services import ROOT


def main() -> int:
    """Run both checks with an environment like the served deployment's; return the first failure."""
    with tempfile.TemporaryDirectory() as folder:
        served = {
            **os.environ,
            "READROOM_DATA": folder,
            "READROOM_SECRET_KEY": secrets.token_urlsafe(64),
            "READROOM_ALLOWED_HOSTS": "readroom.example",
            "READROOM_HTTPS": "1",
        }
        for words in (
            ["makemigrations", "--check", "--dry-run"],
            ["check", "--deploy", "--fail-level=WARNING"],
        ):
            done = subprocess.run(
                [sys.executable, "-W", "error", "manage.py", *words], cwd=ROOT, env=served, check=False
            )
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
