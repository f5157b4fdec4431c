"""Exports and notices in every state, for screenshots and for eyes."""

from datetime import timedelta

from django.utils import timezone

from tests.webapp import factories
from webapp.exchange.exports.models import Export, ExportProblem
from webapp.exchange.webhooks.models import Happening, Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notices_write
from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.models import OutboxItem
from webapp.imaging.archive.models import Instance, Study

WRITING = "Its pixels may show names (it is a captured screen or a scanned film)."
ITEM = {"waiting": "waiting", "sending": "waiting", "sent": "done", "failed": "failed"}
SAID = {"sent": "Accepted.", "failed": "Failed 10 times. Responded 503."}


def exports() -> None:
    """One export of each state, the finished one with an object that stayed."""
    admin = User.objects.filter(role=User.Role.ADMIN).first() or factories.admin()
    studies = list(Study.objects.filter(patient__isnull=False)[:2])
    for number, state in enumerate(Export.State.values):
        reason = "Given up: it stopped in the middle 3 times." if state == "failed" else ""
        export = Export.objects.create(
            name=f"Head trial, part {number + 1}",
            state=state,
            requested_by=admin,
            objects_total=48,
            objects_done={"queued": 0, "running": 17}.get(state, 48),
            file_size=9_400_000,
            expires_at=timezone.now() + timedelta(days=7),
            reason=reason,
        )
        export.studies.set(studies)
        if state == Export.State.DONE:
            instance = Instance.objects.filter(series__study=studies[0])[:1].get()
            ExportProblem.objects.create(export=export, instance=instance, sentence=WRITING)


def notices() -> None:
    """Two subscriptions, one of them off, and a notice of each state."""
    study = Study.objects.filter(patient__isnull=False).first()
    assert study is not None
    every = list(Happening.values)
    Subscription.objects.create(name="RIS", url="https://ris.example/hooks/readroom", happenings=every)
    for state in Notice.State.values:
        notices_write(happening="run.finished", study=study)
        newest = Notice.objects.latest("pk")
        Notice.objects.filter(pk=newest.pk).update(state=state, said=SAID.get(state, "It answered 500."))
        OutboxItem.objects.filter(kind=NOTICE, subject=newest.pk).update(state=ITEM[state], attempt=3)
    Subscription.objects.create(
        name="Archive", url="https://archive.example/", happenings=["study.received"], is_active=False
    )


def leaving() -> None:
    """Make all of it."""
    exports()
    notices()
