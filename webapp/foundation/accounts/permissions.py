"""The one answer to "may this user do that to this study?", for every page, file and API alike."""

from enum import StrEnum
from typing import Protocol, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from webapp.foundation.accounts.models import Site, User


class OfSite(Protocol):
    """What belongs to a site: a study, a hand-over."""

    site_id: int


#: A model with a `site`: studies.
ModelOfSite = TypeVar("ModelOfSite", bound=Model)


class Action(StrEnum):
    """What somebody may want to do."""

    SEE = "see"
    MARK = "mark"
    RETRY = "retry"
    READ = "read"
    CLAIM_BY_OPENING = "claim a case by opening it"
    TRIAGE = "triage"
    UPLOAD = "upload"
    SEND = "send"
    ADJUDICATE = "adjudicate"
    MANAGE_READING = "manage reading"
    SEARCH_AUDIT = "search the audit log"
    SEE_PERFORMANCE = "see performance"
    MANAGE_DESTINATIONS = "manage destinations"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_TOKENS = "keep tokens"
    EXPORT = "export without identities"
    MANAGE_WORK = "manage background work"


READS = frozenset(
    {
        Action.SEE,
        Action.MARK,
        Action.RETRY,
        Action.READ,
        Action.CLAIM_BY_OPENING,
        Action.TRIAGE,
        Action.UPLOAD,
        Action.SEND,
    }
)
#: What is about the whole house, and so not for anybody who is kept to one site.
GLOBAL_ACTIONS = frozenset(
    {
        Action.SEARCH_AUDIT,
        Action.SEE_PERFORMANCE,
        Action.MANAGE_DESTINATIONS,
        Action.MANAGE_WEBHOOKS,
        Action.MANAGE_TOKENS,
        Action.EXPORT,
        Action.MANAGE_WORK,
    }
)
#: Who may do what. An administrator who looks at a case does not take it from the readers.
ROLE_ACTIONS: dict[str, frozenset[Action]] = {
    User.Role.CLINICIAN: READS,
    User.Role.SENIOR: READS | {Action.ADJUDICATE, Action.MANAGE_READING},
    User.Role.AUDITOR: frozenset({Action.SEE, Action.SEARCH_AUDIT, Action.SEE_PERFORMANCE}),
    User.Role.ADMIN: frozenset(Action) - {Action.CLAIM_BY_OPENING},
}
#: Who answers for every site; the others work within their own.
GLOBAL_ROLES = frozenset({User.Role.AUDITOR, User.Role.ADMIN})


def may(user: User | AnonymousUser, act: Action, study: OfSite | None = None) -> bool:
    """Say whether `user` may do `act`, to `study` (or to what else belongs to a site) where one is meant.

    Each look is audited, whoever looks. A token stays within its site, whoever it acts for.
    """
    if not isinstance(user, User) or not user.is_active or act not in ROLE_ACTIONS.get(user.role, ()):
        return False
    if sees_all_sites(user):
        return True
    if act in GLOBAL_ACTIONS or user.site_id is None:
        return False
    return study is None or study.site_id == user.site_id


def sees_all_sites(user: User) -> bool:
    """Say whether the user sees every site in this request."""
    return has_global_scope(user) and not user.is_site_scoped


def has_global_scope(user: User) -> bool:
    """Say whether the account does, whatever the request is kept to: a token of it may be made for any site."""
    return user.role in GLOBAL_ROLES


def system_user() -> User:
    """Return somebody, in no table, who sees every site: to ask whether what was refused is there."""
    return User(role=User.Role.ADMIN, is_active=True)


def visible_studies(user: User, studies: QuerySet[ModelOfSite]) -> QuerySet[ModelOfSite]:
    """Narrow a query to the studies that `may(user, Act.SEE, study)` allows (a test holds the two together)."""
    if sees_all_sites(user):
        return studies
    return studies.filter(site=user.site_id) if user.site_id else studies.none()


def visible_sites(user: User, sites: QuerySet[Site]) -> QuerySet[Site]:
    """Narrow a query to the sites whose studies `visible_studies` shows (a test holds the two together)."""
    if sees_all_sites(user):
        return sites
    return sites.filter(pk=user.site_id) if user.site_id else sites.none()
