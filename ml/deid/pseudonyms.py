"""Pseudonyms: the same in every object of an export, and not reversible."""

import base64
import hashlib
import hmac
import re
from datetime import date, timedelta

from pydicom._uid_dict import UID_dictionary

#: UIDs of SOP classes, including those newer than the dictionary.
STANDARD = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.[0-9.]{1,20}")
#: Days by which a patient's dates are shifted back: the minimum (one year), and the size of the range (ten years).
LEAST_DAYS, SPAN_DAYS = 365, 3650


class Pseudonyms:
    """Derives pseudonyms by a keyed digest (HMAC-SHA256): they need no lookup table, and cannot be reversed."""

    def __init__(self, *, secret: str, person: str) -> None:
        self._key = bytes.fromhex(secret)
        self._person = person

    def uid(self, uid: str) -> str:
        """Return a new UID; a UID defined by the standard (PS3.6 Annex A) identifies nobody and is not replaced."""
        if not uid or uid in UID_dictionary or STANDARD.fullmatch(uid):
            return uid
        # PS3.5 B.2: "2.25." and a 128-bit number.
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16])}"

    def person(self) -> str:
        """Return the patient's pseudonym, used as PatientID and name: "P" and ten letters or digits."""
        return "P" + base64.b32encode(self._digest("person", self._person)).decode()[:10]

    def day(self, text: str) -> str | None:
        """Return a date (VR DA), shifted by the same days as all dates of this patient; None if it is not a date."""
        try:
            then = date.fromisoformat(text.strip().replace(".", ""))
            moved = then - timedelta(
                days=LEAST_DAYS + int.from_bytes(self._digest("days", self._person)[:4]) % SPAN_DAYS
            )
        except (ValueError, OverflowError):
            return None
        return moved.strftime("%Y%m%d")

    def moment(self, text: str) -> str | None:
        """Return a date and time (VR DT), shifted by the same days; None if it does not start with a complete date."""
        day, rest = self.day(text[:8]), text[8:].strip()
        return day + rest if day and all(sign in "0123456789.+-" for sign in rest) else None

    def _digest(self, kind: str, told: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{told}".encode(), hashlib.sha256).digest()
