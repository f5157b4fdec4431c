"""Handing a shift over, and accepting it: once, and never by the one who handed it over."""

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.reading.handover.models import Handover, HandoverLine
from webapp.reading.handover.selectors import current_items


class NotAcceptedError(Refusal):
    """A hand-over cannot be accepted; the message is for the user who tried."""


@transaction.atomic
def handover_create(*, user: User, note: str, request: HttpRequest | None = None) -> Handover:
    """Save the open items of the user's site now as a hand-over, with a note.

    Raises
    ------
    ValueError
        If the user belongs to no site.
    """
    if user.site is None:
        raise Refusal(RefusalReason("no-site", "Your account belongs to no site, so there is no shift to hand over."))
    handover = Handover.objects.create(site=user.site, by=user, note=note.strip()[:2000])
    lines = [
        HandoverLine(
            handover=handover,
            kind=one.kind.name,
            about=one.item.about,
            study_id=one.item.study,
            sentence=one.item.sentence[:300],
        )
        for one in current_items(user.site)
    ]
    HandoverLine.objects.bulk_create(lines)
    details = f"hand-over {handover.pk}: {len(lines)} open"
    audit_record(code=Code.HANDED_OVER, user=user, request=request, details=details)
    return handover


@transaction.atomic
def handover_accept(*, handover: Handover, user: User, request: HttpRequest | None = None) -> None:
    """Accept the hand-over of another reader.

    Raises
    ------
    NotAcceptedError
        If the user handed it over, or it was accepted before.
    """
    free = Handover.objects.filter(pk=handover.pk, accepted_by=None).exclude(by=user)
    if not free.update(accepted_by=user, accepted_at=timezone.now()):
        raise NotAcceptedError(_describe_refusal(Handover.objects.select_related("accepted_by").get(pk=handover.pk)))
    audit_record(code=Code.HAND_OVER_ACCEPTED, user=user, request=request, details=f"hand-over {handover.pk}")


def _describe_refusal(handover: Handover) -> RefusalReason:
    if handover.accepted_by is None:
        return RefusalReason("own-handover", "You handed this over yourself: the next reader must accept it.")
    return RefusalReason(
        "accepted-already", f"{handover.accepted_by.get_username()} has already accepted this hand-over."
    )
