"""Asking for a set: what is agreed on now is written down by number and never changed."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.services import enqueue
from webapp.imaging.annotations.masks import MaskError
from webapp.imaging.archive.models import Study
from webapp.imaging.archive.pseudonyms import person_key, pseudonym_secret
from webapp.reading.campaigns.agreement import CaseConsensus, CaseStatus
from webapp.reading.campaigns.consensus_masks import store_consensus
from webapp.reading.campaigns.models import Campaign, ConsensusRow, ConsensusSet
from webapp.reading.campaigns.selectors import Progress, progress_of
from webapp.reading.campaigns.services import CampaignRefusedError

#: The kind of work in the outbox.
DATASET = "dataset"
#: Shares of the splits, as in the data that the shipped models are trained on.
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


@transaction.atomic
def request_set(
    *, campaign: Campaign, looked_through: bool, user: User, request: HttpRequest | None = None
) -> ConsensusSet:
    """Write down what readers agree on now, or a third decided, as the next numbered set, and queue its file.

    Raises
    ------
    CampaignRefusedError
        If nothing is agreed on yet, or an outline that is to be kept cannot be read any more.
    """
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    progress = progress_of(locked)
    newest = ConsensusSet.objects.filter(campaign=locked).order_by("-number").first()
    number = newest.number + 1 if newest else 1
    rows = rows_now(progress)
    if not rows:
        raise CampaignRefusedError("No case is agreed on or adjudicated yet.")
    made = ConsensusSet.objects.create(
        campaign=locked,
        number=number,
        looked_through=looked_through,
        summary=summary_of(progress, rows),
        digest=digest_of(rows),
        objects_total=len(rows),
        requested_by=user,
    )
    for row in rows:
        row.of = made
    ConsensusRow.objects.bulk_create(rows)
    enqueue(DATASET, made.pk)
    told = f"campaign {locked.pk}, set {number}: {len(rows)} pictures"
    audit_record(
        code=Code.SET_ASKED,
        user=user,
        request=request,
        details=f"{told}{', looked through' if looked_through else ''}",
    )
    return made


@transaction.atomic
def set_retry(*, made: ConsensusSet, user: User, request: HttpRequest) -> bool:
    """Queue the file of a failed set again; False where it did not fail."""
    queued = set_queue_again(made=made, user=user, request=request)
    if queued:
        enqueue(DATASET, made.pk)
    return queued


def set_queue_again(*, made: ConsensusSet, user: User, request: HttpRequest) -> bool:
    """Show that the file of a failed set waits again, and write down who asked; the outbox is the caller's."""
    again = ConsensusSet.objects.filter(pk=made.pk, state=ConsensusSet.State.FAILED)
    queued = again.update(state=ConsensusSet.State.QUEUED, objects_done=0, reason="", finished_at=None)
    if queued:
        told = f"campaign {made.campaign_id}, set {made.number}, again"
        audit_record(code=Code.SET_ASKED, user=user, request=request, details=told)
    return bool(queued)


def rows_now(progress: Progress) -> list[ConsensusRow]:
    """Return the rows of a set that is made now; what cannot be told teaches nothing and is left out."""
    campaign, kept = progress.campaign, []
    for case in progress.cases:
        standing = progress.standings[case.pk]
        if standing.label:
            group = group_of(campaign, case.series.study)
            kept.append(
                ConsensusRow(
                    case=case,
                    by=standing.by,
                    label=standing.label,
                    boxes=standing.boxes,
                    mask=_mask_of(standing),
                    group=group,
                    refused=NAMED if standing.shows_name else "",
                )
            )
    splits = splits_of(campaign, [row.group for row in kept])
    for row in kept:
        row.split = splits[row.group]
    return kept


def _mask_of(standing: CaseConsensus) -> str:
    """Return the sha256 of the outline that is kept of a case; "" where none was asked for."""
    try:
        return store_consensus(standing.outlines)
    except MaskError as error:
        raise CampaignRefusedError(f"{error} No set was created.") from None


NAMED = "A reader saw a name or number in the picture."


def group_of(campaign: Campaign, study: Study) -> str:
    """Return the pseudonym of a study's patient within a campaign: the same in all its sets, another one elsewhere."""
    key = pseudonym_secret(f"campaign {campaign.pk}").encode()
    return hmac.new(key, person_key(study).encode(), hashlib.sha256).hexdigest()[:12]


def splits_of(campaign: Campaign, groups: Sequence[str]) -> dict[str, str]:
    """Return the split of each group: the one that it had in an earlier set, else the one that lacks most.

    So no patient who was taught with is ever judged on, whichever two sets somebody compares.
    """
    earlier = ConsensusRow.objects.filter(of__campaign=campaign).order_by().values_list("group", "split").distinct()
    splits = dict(earlier)
    counts = Counter(splits.values())
    for group in sorted(set(groups) - set(splits)):
        total = counts.total() + 1
        split = max(SHARES, key=lambda name: SHARES[name] * total - counts[name])
        splits[group] = split
        counts[split] += 1
    return splits


def digest_of(rows: Sequence[ConsensusRow]) -> str:
    """Return the sha256 over what a set says of each of its pictures, and over which picture it says it.

    A row without a mask is told as rows were before there were masks, so older digests hold.
    """
    told = [
        [row.case.number, row.case.instance.sha256, row.case.frame, row.by, row.label, row.boxes, row.group, row.split]
        + [row.mask] * bool(row.mask)
        for row in rows
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def summary_of(progress: Progress, rows: Sequence[ConsensusRow]) -> dict[str, object]:
    """Return how far readers agree, and how much of each there is."""
    agreement, counts = progress.agreement, progress.counts
    return {
        "cases": len(progress.cases),
        "agreed": counts[CaseStatus.AGREED],
        "decided_by_a_third": counts[CaseStatus.DECIDED],
        "not_read_or_not_decided_yet": counts[CaseStatus.OPEN] + counts[CaseStatus.DIFFERS],
        "cannot_be_told": progress.untold,
        "kappa": None if agreement.kappa is None else round(agreement.kappa, 4),
        "kappa_pairs": agreement.n_pairs,
        "mean_iou": None if agreement.mean_iou is None else round(agreement.mean_iou, 4),
        "iou_pairs": len(agreement.ious),
        "mean_dice": None if agreement.mean_dice is None else round(agreement.mean_dice, 4),
        "dice_pairs": len(agreement.dices),
        "dice_pairs_both_empty": agreement.both_empty,
        "outlines": sum(bool(row.mask) for row in rows),
        "labels": dict(Counter(row.label for row in rows)),
        "splits": dict(Counter(row.split for row in rows)),
        "groups": len({row.group for row in rows}),
    }
