"""What a client says that it accepts, and what it is given."""

import pytest
from django.test import RequestFactory

from webapp.exchange.dicomweb.base import DICOM, OCTETS, PLAIN, Offer, chosen, wanted_of

RLE = "1.2.840.10008.1.2.5"
FORMS = {
    "packed": Offer("image/dicom-rle", RLE, is_multipart=True),
    "packed as bytes": Offer(OCTETS, RLE, is_multipart=True),
    "plain": Offer(OCTETS, PLAIN, is_multipart=True),
    "packed, alone": Offer("image/dicom-rle", RLE),
    "plain, alone": Offer(OCTETS, PLAIN),
    "object": Offer(DICOM, RLE, is_multipart=True),
}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "packed"),
        ("*/*", "packed"),
        ('multipart/related; type="application/octet-stream"', "plain"),
        ("multipart/related; type=application/octet-stream", "plain"),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', "packed as bytes"),
        (f'multipart/related; type="application/octet-stream"; transfer-syntax={RLE}', "packed as bytes"),
        (f'multipart/related; transfer-syntax={PLAIN}; type="application/octet-stream"', "plain"),
        ('multipart/related; type="image/dicom-rle"', "packed"),
        ('multipart/related; type="image/*"', "packed"),
        ('multipart/related; type="*/*"', "packed"),
        ("multipart/related", "packed"),
        ("application/octet-stream", "plain, alone"),
        ("image/dicom-rle", "packed, alone"),
        ('image/png, multipart/related; type="application/octet-stream"', "plain"),
        ('image/dicom-rle; q=0.5, multipart/related; type="application/octet-stream"; q=0.9', "plain"),
        (f'multipart/related; type="application/dicom"; transfer-syntax={RLE}', "object"),
        ('multipart/related; type="application/dicom"', None),
        ('multipart/related; type="image/jls"', None),
        ("image/dicom-rle; q=0", None),
        ("image/dicom-rle; q=high", None),
        (f"application/octet-stream; transfer-syntax={RLE}", None),
        ("text/html", None),
    ],
)
def test_the_best_of_what_there_is(accept: str, form: str | None) -> None:
    wanted = wanted_of(RequestFactory().get("/", headers={"Accept": accept}))
    assert chosen(wanted, FORMS.values()) == (FORMS[form] if form else None)


def test_the_address_goes_before_the_header() -> None:
    request = RequestFactory().get("/", {"accept": "image/dicom-rle"}, headers={"Accept": "application/octet-stream"})
    assert chosen(wanted_of(request), FORMS.values()) == FORMS["packed, alone"]
