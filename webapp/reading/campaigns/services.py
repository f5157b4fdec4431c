"""Creating, closing and reopening campaigns, and answering their cases."""

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
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.annotations.masks import MaskError, decode_runs, store_mask
from webapp.reading.campaigns.agreement import CaseStatus
from webapp.reading.campaigns.case_selection import SeriesCriteria, key_picture, matching_series, select_series
from webapp.reading.campaigns.models import Answer, Campaign, Case
from webapp.reading.campaigns.selectors import case_consensus

LABELS, BOXES = 9, 20


class CampaignRefusedError(Refusal):
    """A request is refused; the message is for the user."""


@dataclass(frozen=True)
class CampaignQuestion:
    """The question of a campaign: name, text, labels, whether boxes or outlines are drawn, readers per case."""

    name: str
    question: str
    answers: Sequence[str]
    asks_boxes: bool = False
    readers_per_case: int = 2
    asks_outlines: bool = False


@dataclass(frozen=True)
class AnswerInput:
    """An answer to a case as a reader enters it.

    Attributes
    ----------
    label
        Empty where the reader could not tell.
    boxes, runs
        What they drew: boxes, or an outline as runs of pixels, see `decode_runs`; None where nothing was outlined.
    is_empty
        The reader marks that there is nothing to outline.
    """

    label: str = ""
    boxes: Sequence[Sequence[Any]] = field(default_factory=list)
    runs: Sequence[object] | None = None
    is_empty: bool = False
    comment: str = ""
    shows_name: bool = False


@transaction.atomic
def campaign_create(
    *,
    site: Site,
    question: CampaignQuestion,
    criteria: SeriesCriteria,
    readers: Sequence[User],
    user: User,
    request: HttpRequest | None = None,
) -> Campaign:
    """Create a campaign with its cases and readers.

    Raises
    ------
    CampaignRefusedError
        If no series matches, labels are invalid, or a reader does not read at the site.
    """
    labels = list(dict.fromkeys(word.strip() for word in question.answers if word.strip()))
    if not 2 <= len(labels) <= LABELS:
        raise CampaignRefusedError(RefusalReason("answer-count", f"Give two to {LABELS} different answers."))
    if not 1 <= question.readers_per_case <= len(readers):
        raise CampaignRefusedError(
            RefusalReason("too-few-readers", "Choose at least as many readers as each case needs.")
        )
    if question.asks_boxes and question.asks_outlines:
        raise CampaignRefusedError(RefusalReason("boxes-and-outlines", "Choose boxes or outlines, not both."))
    if any(reader.site_id != site.pk or not may(reader, Action.READ) for reader in readers):
        raise CampaignRefusedError(RefusalReason("not-readers-here", "Only readers of this site can be chosen."))
    selected = [(one, key_picture(one)) for one in select_series(site=site, criteria=criteria)]
    if not selected:
        raise CampaignRefusedError(RefusalReason("no-series", "No series matches."))
    campaign = Campaign.objects.create(
        name=question.name.strip(),
        site=site,
        question=question.question.strip(),
        answers=labels,
        asks_boxes=question.asks_boxes,
        asks_outlines=question.asks_outlines,
        readers_per_case=question.readers_per_case,
        selection=criteria.serialize(found=matching_series(site=site, criteria=criteria).count()),
        created_by=user,
    )
    campaign.readers.set(readers)
    cases = [
        Case(campaign=campaign, number=number, series=series, instance=key[0], frame=key[1])
        for number, (series, key) in enumerate(selected, start=1)
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
def answer_create(*, case: Case, user: User, answer: AnswerInput, request: HttpRequest | None = None) -> Answer:
    """Add an answer to a case, by a reader or by the adjudicator where readers differ.

    Raises
    ------
    CampaignRefusedError
        If the campaign is closed, the case is not the user's to answer, or the answer is invalid.
    """
    campaign = Campaign.objects.select_for_update().get(pk=case.campaign_id)
    if not campaign.is_open:
        raise CampaignRefusedError(
            RefusalReason("campaign-closed", "This campaign is closed; your answer was not saved.")
        )
    as_adjudicator = answering_role(case=case, user=user)
    if as_adjudicator is None:
        raise CampaignRefusedError(
            RefusalReason("not-assigned", "This case is not, or no longer, assigned to you. Your answer was not saved.")
        )
    if answer.label and answer.label not in campaign.answers:
        raise CampaignRefusedError(RefusalReason("no-such-answer", "This campaign has no such answer."))
    outline, outlined = _outline(answer, case) if campaign.asks_outlines and answer.label else ("", None)
    row = Answer.objects.create(
        case=case,
        reader=user,
        is_adjudication=as_adjudicator,
        label=answer.label,
        boxes=_boxes(answer.boxes, case) if campaign.asks_boxes and answer.label else [],
        outline=outline,
        outlined=outlined,
        comment=answer.comment.strip()[:500],
        shows_name=answer.shows_name,
    )
    audit_record(
        code=Code.CAMPAIGN_ANSWERED,
        user=user,
        request=request,
        study=case.series.study_id,
        details=f"campaign {campaign.pk}, case {case.number}{', as the third' if as_adjudicator else ''}",
    )
    return row


def answering_role(*, case: Case, user: User) -> bool | None:
    """Return the role in which a user may answer a case: False as reader, True as adjudicator, None not at all.

    Whoever answered it as a reader never decides it. A reader who comes when enough have read it does not read it.
    """
    consensus = case_consensus(case)
    has_answered = any(one.reader_id == user.pk for one in consensus.answers)
    is_invited = case.campaign.readers.contains(user) and may(user, Action.READ, case.campaign)
    if is_invited and (has_answered or consensus.status == CaseStatus.OPEN):
        return False
    is_own = consensus.adjudication is not None and consensus.adjudication.reader_id == user.pk
    waits = consensus.status == CaseStatus.DIFFERS or (consensus.status == CaseStatus.DECIDED and is_own)
    return True if waits and not has_answered and may(user, Action.ADJUDICATE, case.campaign) else None


def _outline(answer: AnswerInput, case: Case) -> tuple[str, int]:
    """Store an outline; return its sha256 and its number of pixels. An empty one must be marked as such."""
    rows, columns = case.instance.rows, case.instance.columns
    if answer.runs is None and not answer.is_empty:
        raise CampaignRefusedError(
            RefusalReason("no-outline", "Outline it, or mark that there is nothing to outline; nothing was saved.")
        )
    try:
        runs = [rows * columns] if answer.is_empty else answer.runs or []
        mask = decode_runs(runs, rows=rows, columns=columns, is_empty=answer.is_empty)
    except MaskError as error:
        raise CampaignRefusedError(error.reason) from None
    return store_mask(mask), int(mask.sum())


def _boxes(drawn: Sequence[Sequence[Any]], case: Case) -> list[list[float]]:
    """Return boxes clipped to the picture; raise CampaignRefusedError where one is invalid."""
    if len(drawn) > BOXES:
        raise CampaignRefusedError(
            RefusalReason("too-many-boxes", f"At most {BOXES} boxes can be drawn on one picture.")
        )
    columns, rows = case.instance.columns, case.instance.rows
    cleaned = []
    for box in drawn:
        if len(box) != 4 or not all(isinstance(edge, int | float) and isfinite(edge) for edge in box):
            raise CampaignRefusedError(RefusalReason("box-edges", "A box is four numbers: left, top, right, bottom."))
        edges = [min(max(float(edge), 0.0), float(most)) for edge, most in zip(box, (columns, rows) * 2, strict=True)]
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            raise CampaignRefusedError(
                RefusalReason("box-outside", "A box is empty, or lies outside: right must exceed left, and bottom top.")
            )
        cleaned.append([round(edge, 1) for edge in edges])
    return cleaned
