"""manage.py send: request the delivery of a study, or only its results, to a destination."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.routing.services import NothingToSendError, delivery_ask
from webapp.imaging.archive.models import Study


class Command(BaseCommand):
    """Enqueue a delivery, which the service `manage.py deliver` then carries out."""

    help = "Send a study (its StudyInstanceUID) to a destination."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments: what to send, and where."""
        parser.add_argument("study", help="StudyInstanceUID")
        parser.add_argument("destination", help="its name; `manage.py destinations` lists them")
        parser.add_argument("--results", action="store_true", help="only what Readroom made of it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Request a delivery of each study with that UID that may be sent to the destination."""
        destination = Destination.objects.filter(name=options["destination"], is_active=True).first()
        if destination is None:
            raise CommandError(f"There is no destination {options['destination']!r} in use.")
        studies = Study.objects.filter(study_instance_uid=options["study"])
        if destination.site_id:
            studies = studies.filter(site=destination.site_id)
        if not studies:
            raise CommandError("There is no study of that StudyInstanceUID that may be sent there.")
        what = Delivery.What.RESULTS if options["results"] else Delivery.What.STUDY
        try:
            for study in studies:
                delivery_ask(study=study, destination=destination, what=what, user=None)
        except NothingToSendError as nothing:
            raise CommandError(str(nothing)) from None
        self.stdout.write("It is queued; the Network page and the study page show its progress.")
