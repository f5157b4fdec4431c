"""Requesting a training set: a numbered snapshot of the consensus, which never changes."""

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
from webapp.foundation.core.refusals import RefusalReason
from webapp.foundation.outbox.services import enqueue
from webapp.imaging.annotations.masks import MaskError
from webapp.imaging.archive.models import Study
from webapp.imaging.archive.pseudonyms import person_key, pseudonym_secret
from webapp.reading.campaigns.agreement import CaseConsensus, CaseStatus, store_consensus
from webapp.reading.campaigns.models import Campaign, ConsensusRow, ConsensusSet
from webapp.reading.campaigns.selectors import Progress, load_progress
from webapp.reading.campaigns.services import CampaignRefusedError

#: The kind of work in the outbox.
DATASET = "dataset"
#: Shares of the splits, as in the data that the shipped models are trained on.
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


@transaction.atomic
def dataset_request(
    *, campaign: Campaign, looked_through: bool, user: User, request: HttpRequest | None = None
) -> ConsensusSet:
    """Save the cases agreed on or adjudicated now as the next numbered set, and queue its file.

    Raises
    ------
    CampaignRefusedError
        If nothing is agreed on yet, or an outline of the consensus cannot be read any more.
    """
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    progress = load_progress(locked)
    newest = ConsensusSet.objects.filter(campaign=locked).order_by("-number").first()
    number = newest.number + 1 if newest else 1
    rows = snapshot_rows(progress)
    if not rows:
        raise CampaignRefusedError(RefusalReason("nothing-agreed", "No case is agreed on or adjudicated yet."))
    dataset = ConsensusSet.objects.create(
        campaign=locked,
        number=number,
        looked_through=looked_through,
        summary=summarize(progress, rows),
        digest=dataset_digest(rows),
        objects_total=len(rows),
        requested_by=user,
    )
    for row in rows:
        row.of = dataset
    ConsensusRow.objects.bulk_create(rows)
    enqueue(DATASET, dataset.pk)
    details = f"campaign {locked.pk}, set {number}: {len(rows)} pictures"
    audit_record(
        code=Code.SET_ASKED,
        user=user,
        request=request,
        details=f"{details}{', looked through' if looked_through else ''}",
    )
    return dataset


@transaction.atomic
def dataset_retry(*, dataset: ConsensusSet, user: User, request: HttpRequest) -> bool:
    """Queue the file of a failed set again; False where it did not fail."""
    queued = dataset_requeue(dataset=dataset, user=user, request=request)
    if queued:
        enqueue(DATASET, dataset.pk)
    return queued


def dataset_requeue(*, dataset: ConsensusSet, user: User, request: HttpRequest) -> bool:
    """Mark a failed set as queued again, and record who requested it; the caller enqueues it."""
    again = ConsensusSet.objects.filter(pk=dataset.pk, state=ConsensusSet.State.FAILED)
    queued = again.update(state=ConsensusSet.State.QUEUED, objects_done=0, reason="", finished_at=None)
    if queued:
        details = f"campaign {dataset.campaign_id}, set {dataset.number}, again"
        audit_record(code=Code.SET_ASKED, user=user, request=request, details=details)
    return bool(queued)


def snapshot_rows(progress: Progress) -> list[ConsensusRow]:
    """Return the rows of a set of this moment; cases that readers could not tell are left out."""
    campaign, rows = progress.campaign, []
    for case in progress.cases:
        consensus = progress.consensus[case.pk]
        if consensus.label:
            group = patient_group(campaign, case.series.study)
            rows.append(
                ConsensusRow(
                    case=case,
                    by=consensus.by,
                    label=consensus.label,
                    boxes=consensus.boxes,
                    mask=_mask_of(consensus),
                    group=group,
                    refused=NAMED if consensus.shows_name else "",
                )
            )
    splits = assign_splits(campaign, [row.group for row in rows])
    for row in rows:
        row.split = splits[row.group]
    return rows


def _mask_of(consensus: CaseConsensus) -> str:
    """Return the sha256 of the consensus outline of a case; "" where none was requested."""
    try:
        return store_consensus(consensus.outlines)
    except MaskError as error:
        raise CampaignRefusedError(error.reason) from None


NAMED = "A reader saw a name or number in the picture."


def patient_group(campaign: Campaign, study: Study) -> str:
    """Return the pseudonym of a study's patient within a campaign: the same in all its sets, another one elsewhere."""
    key = pseudonym_secret(f"campaign {campaign.pk}").encode()
    return hmac.new(key, person_key(study).encode(), hashlib.sha256).hexdigest()[:12]


def assign_splits(campaign: Campaign, groups: Sequence[str]) -> dict[str, str]:
    """Return the split of each group: the one that it had in an earlier set, else the one that lacks most.

    So no patient of a training split is ever in a test split, in whichever two sets.
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


def dataset_digest(rows: Sequence[ConsensusRow]) -> str:
    """Return the sha256 over the pictures of a set and their labels.

    A row without a mask is digested as rows were before there were masks, so older digests hold.
    """
    details = [
        [row.case.number, row.case.instance.sha256, row.case.frame, row.by, row.label, row.boxes, row.group, row.split]
        + [row.mask] * bool(row.mask)
        for row in rows
    ]
    return hashlib.sha256(json.dumps(details).encode()).hexdigest()


def summarize(progress: Progress, rows: Sequence[ConsensusRow]) -> dict[str, object]:
    """Return agreement and counts of a set."""
    agreement, counts = progress.agreement, progress.counts
    return {
        "cases": len(progress.cases),
        "agreed": counts[CaseStatus.AGREED],
        "decided_by_a_third": counts[CaseStatus.DECIDED],
        "not_read_or_not_decided_yet": counts[CaseStatus.OPEN] + counts[CaseStatus.DIFFERS],
        "cannot_be_told": progress.undecidable,
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
