"""manage.py destinations: list, add, change and test destinations."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.exchange.routing.echo import echo_destination
from webapp.exchange.routing.forms import DestinationForm
from webapp.exchange.routing.models import Destination
from webapp.exchange.routing.selectors import destination_list
from webapp.exchange.routing.stow import SECRETS
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record

TEXT = {
    "host": "C-STORE: name or address of the machine",
    "port": "C-STORE: its port",
    "title": "C-STORE: the AE title that is called",
    "url": "STOW-RS: address of the DICOMweb service",
    "credentials": f"STOW-RS: the end of the variable {SECRETS}... that holds user:password or a token",
}
ACTOR = "command line"


class Command(BaseCommand):
    """List, add, change and test destinations."""

    help = "List destinations; name one to add or change it, or to ask whether it answers (--echo)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the fields of a destination as arguments."""
        parser.add_argument("name", nargs="?", help="the destination's name; absent: all are listed")
        parser.add_argument("--kind", choices=Destination.Kind.values, help="how it is reached")
        for name, meaning in TEXT.items():
            parser.add_argument(f"--{name}", help=meaning)
        parser.add_argument("--site", type=int, help="number of the site whose studies may go there; absent: all")
        parser.add_argument("--tls", action="store_true", default=None, help="C-STORE by TLS")
        parser.add_argument(
            "--results", action="store_true", default=None, dest="auto_forward_results", help="send results"
        )
        parser.add_argument("--off", action="store_false", default=None, dest="is_active", help="send nothing there")
        parser.add_argument("--echo", action="store_true", help="ask whether it answers")

    def handle(self, *args: Any, **options: Any) -> None:
        """List all destinations without a name; with one, test, add or change that destination."""
        if not options["name"]:
            self._list()
        elif options["echo"]:
            self._echo(options["name"])
        else:
            self._save(options)

    def _list(self) -> None:
        for one in destination_list():
            where = one.url or f"{one.title}@{one.host}:{one.port}"
            self.stdout.write(f"{one.name}\t{one.kind}\t{where}\t{one.waiting} pending, {one.failed} not sent")

    def _echo(self, name: str) -> None:
        destination = Destination.objects.filter(name=name).first()
        if destination is None:
            raise CommandError(f"There is no destination {name!r}.")
        if trouble := echo_destination(destination):
            raise CommandError(trouble)
        self.stdout.write(f"{name} answers.")

    def _save(self, options: dict[str, Any]) -> None:
        known = Destination.objects.filter(name=options["name"]).first()
        form = DestinationForm(instance=known)
        stated = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        given = {name: options[name] for name in stated if options.get(name) is not None}
        form = DestinationForm({**stated, **given}, instance=known)
        if not form.is_valid():
            raise CommandError("; ".join(f"{name}: {' '.join(map(str, said))}" for name, said in form.errors.items()))
        form.save()
        audit_record(code=Code.DESTINATION_CHANGED, actor=ACTOR, details=f"{options['name']}: {', '.join(given)}")
        self.stdout.write(f"{options['name']} is {'changed' if known else 'added'}.")
