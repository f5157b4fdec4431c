"""What a reader is still blinded to, decided by a rule that an app in the layer above registers.

Who is blinded to what depends on reads and reviews, which belong to the layer above (`webapp.reading.reviews`), but
the pages, files and APIs of this layer must not reveal it either. So that app registers its rule at startup. Without
a registered rule, nothing is shown.
"""

from typing import Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Series, Study


class BlindingRule(Protocol):
    """What is hidden from a user until they have committed their own read of a study."""

    def blinded_studies(self, user: User) -> QuerySet[Study]:
        """Return the studies whose AI result is hidden from the user."""

    def is_series_blinded(self, *, series: Series, user: User) -> bool:
        """Return whether a series is hidden from the user."""

    def hidden_authors(self, *, study: Study, user: User) -> frozenset[int]:
        """Return the ids of the authors whose annotations on a study are hidden from the user."""


_rules: list[BlindingRule] = []


def register_blinding(rule: BlindingRule) -> None:
    """Register the blinding rule.

    Raises
    ------
    ImproperlyConfigured
        If a rule is already registered.
    """
    if _rules:
        raise ImproperlyConfigured("Two rules decide what is kept from readers: there must be one.")
    _rules.append(rule)


def blinding() -> BlindingRule:
    """Return the registered rule.

    Raises
    ------
    ImproperlyConfigured
        If there is none: a request fails rather than reveal a result to a user who may be blinded to it.
    """
    if not _rules:
        raise ImproperlyConfigured("No app says what is kept from readers (webapp.reading.reviews does).")
    return _rules[0]


def blinded_studies(user: User) -> QuerySet[Study]:
    """Return the studies whose AI result is hidden from the user."""
    return blinding().blinded_studies(user)


def is_blinded(*, study: Study, user: User) -> bool:
    """Return whether the AI result of a study is hidden from the user."""
    return blinded_studies(user).filter(pk=study.pk).exists()


def is_series_blinded(*, series: Series, user: User) -> bool:
    """Return whether a series is hidden from the user: Readroom created it, in a study to which they are blinded."""
    return blinding().is_series_blinded(series=series, user=user)


def hidden_authors(*, study: Study, user: User) -> frozenset[int]:
    """Return the ids of the authors whose annotations on a study are hidden from the user."""
    return blinding().hidden_authors(study=study, user=user)
