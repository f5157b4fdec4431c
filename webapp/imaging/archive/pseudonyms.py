"""What pseudonyms are made from: a secret a purpose, and a patient in words that stay inside this database."""

import hashlib
import hmac

from django.conf import settings

from webapp.imaging.archive.models import Study


def pseudonym_secret(name: str) -> str:
    """Return the key of all pseudonyms of exports of that name.

    Made from the signing key of this Readroom and saved nowhere: it lies beside no export, and the same name gives the
    same pseudonyms again.
    """
    return hmac.new(settings.SECRET_KEY.encode(), f"export\0{name}".encode(), hashlib.sha256).hexdigest()


def person_key(study: Study) -> str:
    """Return whose study it is in words of this database: a number at one site, else the study itself."""
    return f"patient {study.patient_id}" if study.patient_id else f"study {study.pk}"
