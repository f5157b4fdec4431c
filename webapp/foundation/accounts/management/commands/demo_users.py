"""Accounts to try the embedded form with. Never run this where real people sign in."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.foundation.accounts.models import Site, User

SITE = "Main clinic"
FILE = "demo-accounts.txt"
#: User name -> role and the variable that may give the password.
ACCOUNTS = {
    "clinician": (User.Role.CLINICIAN, "READROOM_DEMO_CLINICIAN_PASSWORD"),
    "admin": (User.Role.ADMIN, "READROOM_DEMO_ADMIN_PASSWORD"),
    "senior": (User.Role.SENIOR, "READROOM_DEMO_SENIOR_PASSWORD"),
    "auditor": (User.Role.AUDITOR, "READROOM_DEMO_AUDITOR_PASSWORD"),
}


class Command(BaseCommand):
    help = "Create the demo accounts that are absent; print `role username password` of those as they were made."

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.DATA) / FILE
        passwords = dict(line.split(maxsplit=1) for line in file.read_text().splitlines()) if file.exists() else {}
        for username, (role, variable) in ACCOUNTS.items():
            user = User.objects.filter(username=username).first()
            if user is None:
                passwords[username] = os.environ.get(variable) or passwords.get(username) or secrets.token_urlsafe(9)
                passwords_write(file, passwords)  # first: an account whose password nobody knows is of no use
                site, _ = Site.objects.get_or_create(name=SITE)
                user = User.objects.create_user(username, password=passwords[username], role=role, site=site)
            password = passwords.get(username)
            if password and user.is_active and user.role == role and user.check_password(password):
                self.stdout.write(f"{role} {username} {password}")


def passwords_write(file: Path, passwords: dict[str, str]) -> None:
    """Write the passwords that the accounts were made with, for the owner of the data folder alone."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.writelines(f"{username} {password}\n" for username, password in passwords.items())
