"""What a reader may not know yet: the door asks here, an app above answers.

Who is blinded to what follows from reads and reviews, which stand on the floor above (`webapp.reading.reviews`); the
pages, files and APIs of this floor must not give it away either. So the app that knows registers its rule when it
starts. Nothing is shown while no rule is registered.
"""

from typing import Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Series, Study


class BlindingRule(Protocol):
    """What is kept from somebody until they have read a study themselves."""

    def blinded_studies(self, user: User) -> QuerySet[Study]:
        """Return the studies whose AI answer is kept from them."""

    def is_series_blinded(self, *, series: Series, user: User) -> bool:
        """Say whether a series is kept from them."""

    def hidden_authors(self, *, study: Study, user: User) -> frozenset[int]:
        """Return the users whose annotations on a study are kept from them."""


_rules: list[BlindingRule] = []


def register_blinding(rule: BlindingRule) -> None:
    """Let a rule decide from now on.

    Raises
    ------
    ImproperlyConfigured
        If one does already.
    """
    if _rules:
        raise ImproperlyConfigured("Two rules decide what is kept from readers: there must be one.")
    _rules.append(rule)


def blinding() -> BlindingRule:
    """Return the rule.

    Raises
    ------
    ImproperlyConfigured
        If there is none: an answer is refused rather than shown to somebody who must not know it.
    """
    if not _rules:
        raise ImproperlyConfigured("No app says what is kept from readers (webapp.reading.reviews does).")
    return _rules[0]


def blinded_studies(user: User) -> QuerySet[Study]:
    """Return the studies whose AI answer is kept from somebody."""
    return blinding().blinded_studies(user)


def is_blinded(*, study: Study, user: User) -> bool:
    """Say whether the AI's answer to a study is kept from somebody."""
    return blinded_studies(user).filter(pk=study.pk).exists()


def is_series_blinded(*, series: Series, user: User) -> bool:
    """Say whether a series is kept from somebody: one that Readroom stored itself, of a study they are blinded to."""
    return blinding().is_series_blinded(series=series, user=user)


def hidden_authors(*, study: Study, user: User) -> frozenset[int]:
    """Return the users whose annotations on a study are kept from somebody."""
    return blinding().hidden_authors(study=study, user=user)
