"""The one answer to "may this user do that to this study?", for every page, file and API alike."""

from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.accounts.models import Site, User

if TYPE_CHECKING:
    from webapp.studies.models import Study


class Act(StrEnum):
    """What somebody may want to do."""

    SEE = "see"
    MARK = "mark"
    RETRY = "retry"
    READ = "read"
    TRIAGE = "triage"
    ADJUDICATE = "adjudicate"
    UPLOAD = "upload"
    SEND = "send"
    SEARCH_AUDIT = "search the audit log"
    SEE_PERFORMANCE = "see performance"
    MANAGE_DESTINATIONS = "manage destinations"
    MANAGE_WEBHOOKS = "manage webhooks"
    KEEP_TOKENS = "keep tokens"
    EXPORT = "export without identities"


ADMIN_ONLY = frozenset(
    {
        Act.ADJUDICATE,
        Act.SEARCH_AUDIT,
        Act.SEE_PERFORMANCE,
        Act.MANAGE_DESTINATIONS,
        Act.MANAGE_WEBHOOKS,
        Act.KEEP_TOKENS,
        Act.EXPORT,
    }
)


def may(user: User | AnonymousUser, act: Act, study: "Study | None" = None) -> bool:
    """Say whether `user` may do `act`, to `study` where one is meant.

    A clinician works within their own site; an administrator, who answers for the whole house, sees
    every site, and each look is audited like everyone's. A token stays within its site, whoever it acts for.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    if _is_everywhere(user):
        return True
    if act in ADMIN_ONLY or user.site_id is None:
        return False
    return study is None or study.site_id == user.site_id


def visible_studies(user: User, studies: "QuerySet[Study]") -> "QuerySet[Study]":
    """Narrow a query to the studies that `may(user, Act.SEE, study)` allows (a test holds the two together)."""
    if _is_everywhere(user):
        return studies
    return studies.filter(site=user.site_id) if user.site_id else studies.none()


def visible_sites(user: User, sites: QuerySet[Site]) -> QuerySet[Site]:
    """Narrow a query to the sites whose studies `visible_studies` shows (a test holds the two together)."""
    if _is_everywhere(user):
        return sites
    return sites.filter(pk=user.site_id) if user.site_id else sites.none()


def _is_everywhere(user: User) -> bool:
    return user.role == User.Role.ADMIN and not user.is_kept_to_site
