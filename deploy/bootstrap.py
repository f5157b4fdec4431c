"""What comes before the services: tables, static files, demo accounts (printed: role, user name, password a line).

One process for the three, as Django takes a second to load; each may be repeated.
"""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo_users")
