"""Who may call: a list of titles, each from anywhere or from one place."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp.exchange.dicom_scp.ae_allowlist import Caller, caller_get, parse_callers

LIST = parse_callers(["CT01", "MR2@10.0.0.7", "US 3@10.1.0.0/16", "*@127.0.0.1", "V6@fd00::/8"])


@pytest.mark.parametrize(
    ("title", "address", "entry"),
    [
        ("CT01", "203.0.113.9", "CT01"),
        ("CT01", "127.0.0.1", "CT01"),
        ("MR2", "10.0.0.7", "MR2"),
        ("US 3", "10.1.200.3", "US 3"),
        ("V6", "fd00::12", "V6"),
        ("ANYTHING", "127.0.0.1", "*"),
        ("MR2", "127.0.0.1", "*"),
    ],
)
def test_a_caller_on_the_list_is_known(title: str, address: str, entry: str) -> None:
    found = caller_get(title=title, address=address, callers=LIST)
    assert found is not None
    assert found.title == entry


@pytest.mark.parametrize(
    ("title", "address"),
    [("MR2", "10.0.0.8"), ("US 3", "10.2.0.1"), ("CT02", "10.0.0.7"), ("ct01", "10.0.0.7"), ("", "10.0.0.7")],
)
def test_anybody_else_is_not(title: str, address: str) -> None:
    assert caller_get(title=title, address=address, callers=LIST) is None


def test_without_a_list_nobody_may_call() -> None:
    assert parse_callers([]) == []
    assert caller_get(title="CT01", address="127.0.0.1", callers=[]) is None


@pytest.mark.parametrize("word", ["", "A" * 17, "CT\\1", "CT01@", "CT01@nowhere", "CT01@10.0.0.0/99", "ÄPFEL"])
def test_an_entry_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="READROOM_DICOM_CALLERS holds"):
        parse_callers([word])


def test_an_entry_without_a_place_is_from_anywhere() -> None:
    assert parse_callers(["CT01"]) == [Caller("CT01")]
