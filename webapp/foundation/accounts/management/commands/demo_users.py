"""Accounts to try the embedded form with. Never run this where real people sign in."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

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
    help = "Make one demo account of each role; print `role username password`, one a line."

    def handle(self, *args: Any, **options: Any) -> None:
        kept = passwords_kept(Path(settings.DATA) / FILE)
        site, _ = Site.objects.get_or_create(name=SITE)
        for username, (role, _variable) in ACCOUNTS.items():
            account_make(username=username, role=role, site=site, password=kept[username])
            self.stdout.write(f"{role} {username} {kept[username]}")


def passwords_kept(file: Path) -> dict[str, str]:
    """Return each account's password: the environment's, else the one kept in the data folder, else a new one."""
    kept = dict(line.split(maxsplit=1) for line in file.read_text().splitlines()) if file.exists() else {}
    for username, (_role, variable) in ACCOUNTS.items():
        kept[username] = os.environ.get(variable) or kept.get(username) or secrets.token_urlsafe(9)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.writelines(f"{username} {password}\n" for username, password in kept.items())
    return kept


@transaction.atomic
def account_make(*, username: str, role: str, site: Site, password: str) -> None:
    """Make an account, or give the one that is there this role, site and password."""
    user, _ = User.objects.get_or_create(username=username)
    user.role, user.site = role, site
    if not user.check_password(password):
        user.set_password(password)
    user.save()
