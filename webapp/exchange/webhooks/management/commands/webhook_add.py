"""manage.py webhook_add: add a webhook subscription."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.exchange.webhooks.forms import SubscriptionForm
from webapp.exchange.webhooks.models import Happening
from webapp.exchange.webhooks.services import subscription_create


class Command(BaseCommand):
    """Create a subscription and print its secret."""

    help = "Tell an address, signed, of what happens; prints the secret, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("url")
        parser.add_argument("--of", nargs="+", choices=Happening.values, default=list(Happening.values))
        parser.add_argument("--site", type=int, help="number of the site whose studies are meant; absent: all")

    def handle(self, *args: Any, **options: Any) -> None:
        """Validate the arguments as the webhooks page does, and create the subscription."""
        told = {name: options[name] for name in ("name", "url", "site")}
        form = SubscriptionForm({**told, "happenings": options["of"]})
        if not form.is_valid():
            raise CommandError(" ".join(str(said) for errors in form.errors.values() for said in errors))
        made = subscription_create(**form.cleaned_data, user=None, request=None)
        self.stdout.write(made.secret)
