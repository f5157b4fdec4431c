"""Campaigns with their progress, and the next cases of each reader."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q, QuerySet

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import ROLE_ACTIONS, Action, may, visible_sites
from webapp.imaging.archive.models import Instance
from webapp.reading.campaigns.agreement import Agreement, CaseConsensus, CaseStatus, agreement_of, evaluate_case
from webapp.reading.campaigns.case_selection import seeded_shuffle
from webapp.reading.campaigns.models import Answer, Campaign, Case
from webapp.reading.reviews.agreement import Tolerance
from webapp.reading.worklist.services import settings_of

LISTED = 100


@dataclass(frozen=True)
class ReaderProgress:
    """How many cases a reader has answered. A count, never a measure of the reader."""

    reader: User
    done: int


@dataclass(frozen=True)
class Progress:
    """A campaign with the status of each of its cases."""

    campaign: Campaign
    cases: Sequence[Case]
    consensus: Mapping[int, CaseConsensus]

    @cached_property
    def counts(self) -> dict[CaseStatus, int]:
        """Number of cases by status."""
        statuses = [one.status for one in self.consensus.values()]
        return {status: statuses.count(status) for status in CaseStatus}

    @cached_property
    def agreement(self) -> Agreement:
        """Agreement of the readers, pooled."""
        return agreement_of(self.consensus.values())

    @property
    def readers(self) -> list[ReaderProgress]:
        """The readers, with the number of cases that each has answered."""
        done: dict[int, int] = defaultdict(int)
        for consensus in self.consensus.values():
            for one in consensus.answers:
                done[one.reader_id] += 1
        return [ReaderProgress(reader, done[reader.pk]) for reader in self.campaign.readers.order_by("username")]

    @property
    def usable(self) -> int:
        """Number of cases with a label that is agreed on or adjudicated."""
        return sum(bool(one.label) for one in self.consensus.values())

    @property
    def undecidable(self) -> int:
        """Number of cases that are read, and that readers could not tell."""
        return sum(
            one.status in {CaseStatus.AGREED, CaseStatus.DECIDED} and not one.label for one in self.consensus.values()
        )

    def answered(self, user: User) -> list[Case]:
        """Return the cases that a reader has answered, the last one first."""
        own = ((case.pk, one) for case in self.cases for one in self.consensus[case.pk].answers)
        last = {case: one.pk for case, one in own if one.reader_id == user.pk}
        return sorted((case for case in self.cases if case.pk in last), key=lambda case: -last[case.pk])

    def waiting(self, user: User) -> list[Case]:
        """Return the cases that a reader has still to answer, in an order of their own."""
        done = {case.pk for case in self.answered(user)}
        open_ = [one for one in self.cases if self.consensus[one.pk].status == CaseStatus.OPEN and one.pk not in done]
        return seeded_shuffle(open_, by=f"{self.campaign.pk} {user.pk}", name=lambda case: str(case.number))

    def to_decide(self, user: User) -> list[Case]:
        """Return the cases in which readers differ and that a user may decide."""
        if not may(user, Action.ADJUDICATE, self.campaign):
            return []
        done = {case.pk for case in self.answered(user)}
        return [one for one in self.cases if self.consensus[one.pk].status == CaseStatus.DIFFERS and one.pk not in done]


def campaigns_list(user: User) -> QuerySet[Campaign]:
    """Return the campaigns that concern a user, the newest first.

    Those they are invited to; all of the sites that they see, where they run or decide them.
    """
    seen = Campaign.objects.filter(site__in=visible_sites(user, Site.objects.all()))
    if not (may(user, Action.MANAGE_READING) or may(user, Action.ADJUDICATE)):
        seen = seen.filter(readers=user)
    own = Q(cases__answers__reader=user, cases__answers__is_adjudication=False)
    counted = seen.annotate(n_cases=Count("cases", distinct=True), n_own=Count("cases", filter=own, distinct=True))
    return counted.select_related("site").order_by("-created_at", "-pk")[:LISTED]


def site_readers(site: Site) -> QuerySet[User]:
    """Return the users who read at a site, and so may be invited."""
    roles = [role for role, acts in ROLE_ACTIONS.items() if Action.READ in acts]
    return User.objects.filter(site=site, role__in=roles, is_active=True).order_by("username")


def load_progress(campaign: Campaign) -> Progress:
    """Return the status of every case of a campaign: two queries, and the site's rules."""
    cases = list(campaign.cases.select_related("series"))
    answers: dict[int, list[Answer]] = defaultdict(list)
    for one in Answer.objects.filter(case__campaign=campaign):
        answers[one.case_id].append(one)
    tolerance = tolerance_of(campaign)
    consensus = {case.pk: evaluate_case(answers[case.pk], campaign=campaign, tolerance=tolerance) for case in cases}
    return Progress(campaign, cases, consensus)


def case_consensus(case: Case) -> CaseConsensus:
    """Return the status and consensus of one case."""
    return evaluate_case(case.answers.all(), campaign=case.campaign, tolerance=tolerance_of(case.campaign))


def tolerance_of(campaign: Campaign) -> Tolerance:
    """Return the tolerance of a campaign, by the rules of its site."""
    return Tolerance.of(settings_of(campaign.site_id))


def own_answer(*, case: Case, user: User, is_adjudication: bool) -> Answer | None:
    """Return a user's newest answer to a case."""
    return case.answers.filter(reader=user, is_adjudication=is_adjudication).last()


def pictures_of(case: Case) -> list[tuple[Instance, int]]:
    """Return the frames of a case's series in their order."""
    images = Instance.objects.filter(series=case.series_id, has_pixels=True)
    return [(image, frame) for image in images for frame in range(image.number_of_frames)]
