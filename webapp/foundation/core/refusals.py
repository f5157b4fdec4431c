"""Refusals: a code for programs and tests, and a sentence for the person who can act."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest


@dataclass(frozen=True)
class RefusalReason:
    """Why a request is refused.

    Attributes
    ----------
    code
        A short, stable word: part of JSON answers and, as `data-code`, of pages.
    sentence
        Plain words for the person who can act.
    """

    code: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def filled(self, **values: Any) -> "RefusalReason":
        """Return this reason with values in the places that its sentence leaves open."""
        return replace(self, sentence=self.sentence.format(**values))


class Refusal(Exception):  # noqa: N818 - an answer to whoever asked, not an error of the program
    """Something is not done. Its message is the sentence of the reason."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.sentence)
        self.reason = reason

    @property
    def code(self) -> str:
        """The code of the reason."""
        return self.reason.code


def show_refusal(request: HttpRequest, reason: RefusalReason) -> None:
    """Show why on the next page."""
    messages.error(request, reason.sentence, extra_tags=reason.code)
