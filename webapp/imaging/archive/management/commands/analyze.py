"""manage.py analyze: run the cascade from the command line."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Run `workers.cli` in a process of its own: the Django process never loads a network runtime."""

    help = "Run the cascade over files and folders: analyze PATH... [--json FILE]"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of `workers.cli`."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="DICOM, PNG, JPEG, TIFF, or a folder of them")
        parser.add_argument("--json", metavar="FILE", help="write the answers there; masks lie beside it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run `python -m workers.cli` and exit with its exit code (2 for wrong usage)."""
        words = [*options["paths"], *(["--json", options["json"]] if options["json"] else [])]
        environment = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR)}
        done = subprocess.run([sys.executable, "-m", "workers.cli", *words], env=environment, check=False)
        if done.returncode:
            sys.exit(done.returncode)
