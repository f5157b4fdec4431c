"""Who decides what is kept from readers: one rule, and nothing is shown without it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.imaging.archive import blinding
from webapp.reading.reviews.blinding import ReadFirst

pytestmark = pytest.mark.django_db


def test_the_reviews_app_registers_its_rule_when_it_starts() -> None:
    assert isinstance(blinding.blinding(), ReadFirst)


def test_a_second_rule_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        blinding.register_blinding(ReadFirst())


def test_nothing_is_answered_without_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    study, user = factories.study(), User()
    monkeypatch.setattr(blinding, "_rules", [])
    with pytest.raises(ImproperlyConfigured):
        blinding.is_blinded(study=study, user=user)
    with pytest.raises(ImproperlyConfigured):
        blinding.blinded_studies(user)
    with pytest.raises(ImproperlyConfigured):
        blinding.hidden_authors(study=study, user=user)
