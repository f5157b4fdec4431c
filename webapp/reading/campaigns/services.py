"""Making campaigns, answering their cases, and asking for a numbered set of what was agreed on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.annotations.masks import MaskError, decode_runs, store_mask
from webapp.reading.campaigns.agreement import CaseStatus
from webapp.reading.campaigns.case_selection import Wanted, key_picture, select_series, series_found
from webapp.reading.campaigns.models import Answer, Campaign, Case
from webapp.reading.campaigns.selectors import standing_of

LABELS, BOXES = 9, 20


class CampaignRefusedError(Exception):
    """It is not kept; the message is for the one who asked."""


@dataclass(frozen=True)
class Asked:
    """What a campaign asks: name, question, labels, whether boxes or outlines are drawn, how many read each case."""

    name: str
    question: str
    answers: Sequence[str]
    asks_boxes: bool = False
    readers_per_case: int = 2
    asks_outlines: bool = False


@dataclass(frozen=True)
class Said:
    """What somebody says of a case.

    Attributes
    ----------
    label
        Empty where it cannot be told.
    boxes, runs
        What they drew: boxes, or an outline as runs of pixels, see `decode_runs`; None where nothing was outlined.
    is_empty
        They say instead that there is nothing to outline.
    """

    label: str = ""
    boxes: Sequence[Sequence[Any]] = field(default_factory=list)
    runs: Sequence[object] | None = None
    is_empty: bool = False
    comment: str = ""
    shows_name: bool = False


@transaction.atomic
def campaign_make(
    *, site: Site, asked: Asked, wanted: Wanted, readers: Sequence[User], user: User, request: HttpRequest | None = None
) -> Campaign:
    """Make a campaign with its cases and readers.

    Raises
    ------
    CampaignRefusedError
        If nothing was found, labels are of no use, or somebody is invited who does not read at the site.
    """
    labels = list(dict.fromkeys(word.strip() for word in asked.answers if word.strip()))
    if not 2 <= len(labels) <= LABELS:
        raise CampaignRefusedError(f"Give two to {LABELS} different answers.")
    if not 1 <= asked.readers_per_case <= len(readers):
        raise CampaignRefusedError("Choose at least as many readers as each case needs.")
    if asked.asks_boxes and asked.asks_outlines:
        raise CampaignRefusedError("Choose boxes or outlines, not both.")
    if any(reader.site_id != site.pk or not may(reader, Action.READ) for reader in readers):
        raise CampaignRefusedError("Only readers of this site can be chosen.")
    shown = [(one, key_picture(one)) for one in select_series(site=site, wanted=wanted)]
    if not shown:
        raise CampaignRefusedError("No series matches.")
    campaign = Campaign.objects.create(
        name=asked.name.strip(),
        site=site,
        question=asked.question.strip(),
        answers=labels,
        asks_boxes=asked.asks_boxes,
        asks_outlines=asked.asks_outlines,
        readers_per_case=asked.readers_per_case,
        selection=wanted.kept(found=series_found(site=site, wanted=wanted).count()),
        created_by=user,
    )
    campaign.readers.set(readers)
    cases = [
        Case(campaign=campaign, number=number, series=series, instance=key[0], frame=key[1])
        for number, (series, key) in enumerate(shown, start=1)
        if key
    ]
    Case.objects.bulk_create(cases)
    audit_record(
        code=Code.CAMPAIGN_MADE,
        user=user,
        request=request,
        details=f"campaign {campaign.pk}: {len(cases)} cases, {len(readers)} readers",
    )
    return campaign


@transaction.atomic
def campaign_switch(*, campaign: Campaign, state: Campaign.State, user: User, request: HttpRequest) -> bool:
    """Close or open a campaign; False where it is so already."""
    changed = Campaign.objects.filter(pk=campaign.pk).exclude(state=state).update(state=state)
    if changed:
        audit_record(
            code=Code.CAMPAIGN_CHANGED, user=user, request=request, details=f"campaign {campaign.pk}: {state.label}"
        )
    return bool(changed)


@transaction.atomic
def answer_give(*, case: Case, user: User, said: Said, request: HttpRequest | None = None) -> Answer:
    """Add what an invited reader says of a case, or what a third decides where readers differ.

    Raises
    ------
    CampaignRefusedError
        If the campaign is closed, it is not the user's to answer, or the answer is of no use.
    """
    campaign = Campaign.objects.select_for_update().get(pk=case.campaign_id)
    if not campaign.is_open:
        raise CampaignRefusedError("This campaign is closed; your answer was not saved.")
    as_third = answers_as(case=case, user=user)
    if as_third is None:
        raise CampaignRefusedError("This case is not, or no longer, assigned to you. Your answer was not saved.")
    if said.label and said.label not in campaign.answers:
        raise CampaignRefusedError("This campaign has no such answer.")
    outline, outlined = _outline(said, case) if campaign.asks_outlines and said.label else ("", None)
    row = Answer.objects.create(
        case=case,
        reader=user,
        is_third=as_third,
        label=said.label,
        boxes=_boxes(said.boxes, case) if campaign.asks_boxes and said.label else [],
        outline=outline,
        outlined=outlined,
        comment=said.comment.strip()[:500],
        shows_name=said.shows_name,
    )
    audit_record(
        code=Code.CAMPAIGN_ANSWERED,
        user=user,
        request=request,
        study=case.series.study_id,
        details=f"campaign {campaign.pk}, case {case.number}{', as the third' if as_third else ''}",
    )
    return row


def answers_as(*, case: Case, user: User) -> bool | None:
    """Say as whom a user answers a case now: False as a reader, True as the third who decides, None as nobody.

    Whoever answered it as a reader never decides it. A reader who comes when enough have read it does not read it.
    """
    standing = standing_of(case)
    has_answered = any(one.reader_id == user.pk for one in standing.answers)
    is_invited = case.campaign.readers.contains(user) and may(user, Action.READ, case.campaign)
    if is_invited and (has_answered or standing.stand == CaseStatus.OPEN):
        return False
    is_own = standing.third is not None and standing.third.reader_id == user.pk
    waits = standing.stand == CaseStatus.DIFFERS or (standing.stand == CaseStatus.DECIDED and is_own)
    return True if waits and not has_answered and may(user, Action.ADJUDICATE, case.campaign) else None


def _outline(said: Said, case: Case) -> tuple[str, int]:
    """Keep an outline; return its sha256 and how many pixels it holds. Whoever outlines nothing has to say so."""
    rows, columns = case.instance.rows, case.instance.columns
    if said.runs is None and not said.is_empty:
        raise CampaignRefusedError("Outline it, or mark that there is nothing to outline; nothing was saved.")
    try:
        runs = [rows * columns] if said.is_empty else said.runs or []
        mask = decode_runs(runs, rows=rows, columns=columns, is_empty=said.is_empty)
    except MaskError as error:
        raise CampaignRefusedError(f"{error} Nothing was kept.") from None
    return store_mask(mask), int(mask.sum())


def _boxes(drawn: Sequence[Sequence[Any]], case: Case) -> list[list[float]]:
    """Return boxes as they are kept, cut to the picture; raise CampaignRefusedError where one is none."""
    if len(drawn) > BOXES:
        raise CampaignRefusedError(f"At most {BOXES} boxes can be drawn on one picture.")
    columns, rows = case.instance.columns, case.instance.rows
    kept = []
    for box in drawn:
        if len(box) != 4 or not all(isinstance(edge, int | float) and isfinite(edge) for edge in box):
            raise CampaignRefusedError("A box is four numbers: left, top, right, bottom.")
        edges = [min(max(float(edge), 0.0), float(most)) for edge, most in zip(box, (columns, rows) * 2, strict=True)]
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            raise CampaignRefusedError("A box is empty, or lies outside: right must exceed left, and bottom top.")
        kept.append([round(edge, 1) for edge in edges])
    return kept
