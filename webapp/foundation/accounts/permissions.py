"""The one answer to "may this user do that to this study?", for every page, file and API alike."""

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.foundation.accounts.models import Site, User

if TYPE_CHECKING:
    from webapp.imaging.archive.models import Study


class OfSite(Protocol):
    """What belongs to a site: a study, a hand-over."""

    site_id: int


class Act(StrEnum):
    """What somebody may want to do."""

    SEE = "see"
    MARK = "mark"
    RETRY = "retry"
    READ = "read"
    CLAIM_BY_OPENING = "take a case in hand by opening it"
    TRIAGE = "triage"
    UPLOAD = "upload"
    SEND = "send"
    ADJUDICATE = "adjudicate"
    MANAGE_READING = "manage reading"
    SEARCH_AUDIT = "search the audit log"
    SEE_PERFORMANCE = "see performance"
    MANAGE_DESTINATIONS = "manage destinations"
    MANAGE_WEBHOOKS = "manage webhooks"
    KEEP_TOKENS = "keep tokens"
    EXPORT = "export without identities"


READS = frozenset({Act.SEE, Act.MARK, Act.RETRY, Act.READ, Act.CLAIM_BY_OPENING, Act.TRIAGE, Act.UPLOAD, Act.SEND})
#: What is about the whole house, and so not for anybody who is kept to one site.
OF_THE_HOUSE = frozenset(
    {
        Act.SEARCH_AUDIT,
        Act.SEE_PERFORMANCE,
        Act.MANAGE_DESTINATIONS,
        Act.MANAGE_WEBHOOKS,
        Act.KEEP_TOKENS,
        Act.EXPORT,
    }
)
#: Who may do what. An administrator who looks at a case does not take it from the readers.
ACTS: dict[str, frozenset[Act]] = {
    User.Role.CLINICIAN: READS,
    User.Role.SENIOR: READS | {Act.ADJUDICATE, Act.MANAGE_READING},
    User.Role.AUDITOR: frozenset({Act.SEE, Act.SEARCH_AUDIT, Act.SEE_PERFORMANCE}),
    User.Role.ADMIN: frozenset(Act) - {Act.CLAIM_BY_OPENING},
}
#: Who answers for every site; the others work within their own.
EVERYWHERE = frozenset({User.Role.AUDITOR, User.Role.ADMIN})


def may(user: User | AnonymousUser, act: Act, study: OfSite | None = None) -> bool:
    """Say whether `user` may do `act`, to `study` (or to what else belongs to a site) where one is meant.

    Each look is audited, whoever looks. A token stays within its site, whoever it acts for.
    """
    if not isinstance(user, User) or not user.is_active or act not in ACTS.get(user.role, ()):
        return False
    if is_everywhere(user):
        return True
    if act in OF_THE_HOUSE or user.site_id is None:
        return False
    return study is None or study.site_id == user.site_id


def is_everywhere(user: User) -> bool:
    """Say whether the user sees every site in this request."""
    return reaches_every_site(user) and not user.is_kept_to_site


def reaches_every_site(user: User) -> bool:
    """Say whether the account does, whatever the request is kept to: a token of it may be made for any site."""
    return user.role in EVERYWHERE


def everybody() -> User:
    """Return somebody, in no table, who sees every site: to ask whether what was refused is there."""
    return User(role=User.Role.ADMIN, is_active=True)


def visible_studies(user: User, studies: "QuerySet[Study]") -> "QuerySet[Study]":
    """Narrow a query to the studies that `may(user, Act.SEE, study)` allows (a test holds the two together)."""
    if is_everywhere(user):
        return studies
    return studies.filter(site=user.site_id) if user.site_id else studies.none()


def visible_sites(user: User, sites: QuerySet[Site]) -> QuerySet[Site]:
    """Narrow a query to the sites whose studies `visible_studies` shows (a test holds the two together)."""
    if is_everywhere(user):
        return sites
    return sites.filter(pk=user.site_id) if user.site_id else sites.none()
