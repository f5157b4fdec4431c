"""Handing a shift over, and accepting it: once, and never by the one who handed it over."""

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.reading.handover.models import Handover, HandoverLine
from webapp.reading.handover.open_items import current_items


class NotAcceptedError(Exception):
    """A hand-over stays as it is; the message is for the one who asked."""


@transaction.atomic
def handover_make(*, user: User, note: str, request: HttpRequest | None = None) -> Handover:
    """Keep what is left open at the user's site now, with a note.

    Raises
    ------
    ValueError
        If the user belongs to no site.
    """
    if user.site is None:
        raise ValueError("Your account belongs to no site, so there is no shift to hand over.")
    made = Handover.objects.create(site=user.site, by=user, note=note.strip()[:2000])
    lines = [
        HandoverLine(
            handover=made,
            kind=one.kind.name,
            about=one.left.about,
            study_id=one.left.study,
            sentence=one.left.sentence[:300],
        )
        for one in current_items(user.site)
    ]
    HandoverLine.objects.bulk_create(lines)
    details = f"hand-over {made.pk}: {len(lines)} open"
    audit_record(code=Code.HANDED_OVER, user=user, request=request, details=details)
    return made


@transaction.atomic
def handover_accept(*, handover: Handover, user: User, request: HttpRequest | None = None) -> None:
    """Go on with what another left open.

    Raises
    ------
    NotAcceptedError
        If the user handed it over, or it was accepted before.
    """
    free = Handover.objects.filter(pk=handover.pk, accepted_by=None).exclude(by=user)
    if not free.update(accepted_by=user, accepted_at=timezone.now()):
        raise NotAcceptedError(_why_not(Handover.objects.select_related("accepted_by").get(pk=handover.pk)))
    audit_record(code=Code.HAND_OVER_ACCEPTED, user=user, request=request, details=f"hand-over {handover.pk}")


def _why_not(handover: Handover) -> str:
    if handover.accepted_by is None:
        return "You handed this over yourself: the next reader must accept it."
    return f"{handover.accepted_by.get_username()} has already accepted this hand-over."
