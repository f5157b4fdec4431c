"""What comes before the services: tables, static files, demo accounts. One process, as Django takes a second to load.

Prints one demo account a line: role, user name, password.
"""

import os

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")


def main() -> None:
    """Run the three steps; each may be repeated."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo_users")


if __name__ == "__main__":
    main()
