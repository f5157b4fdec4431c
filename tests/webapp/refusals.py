"""Asking for refusals by their code: the sentences are for people, and may be said better."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest

from webapp.foundation.core.refusals import Refusal


@contextmanager
def refused(code: str, kind: type[Refusal] = Refusal) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Expect that something is refused, for the reason of that code."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == code


class Page(Protocol):
    """What a test client answered."""

    @property
    def content(self) -> bytes:
        """The body."""


def codes_shown(page: Page) -> list[str]:
    """Return the codes of all refusals that a page shows."""
    return re.findall(r'data-code="([^"]+)"', page.content.decode())
