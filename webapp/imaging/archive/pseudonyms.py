"""What pseudonyms are derived from: a secret key for each export name, and a patient key internal to this database."""

import hashlib
import hmac

from django.conf import settings

from webapp.imaging.archive.models import Study


def pseudonym_secret(name: str) -> str:
    """Return the secret key from which the pseudonyms of all exports of that name are derived.

    It is derived from this installation's secret key and stored nowhere: no export contains it, and the same name
    always gives the same pseudonyms.
    """
    return hmac.new(settings.SECRET_KEY.encode(), f"export\0{name}".encode(), hashlib.sha256).hexdigest()


def person_key(study: Study) -> str:
    """Return an internal key for the patient of a study; a study without a patient gets a key of its own."""
    return f"patient {study.patient_id}" if study.patient_id else f"study {study.pk}"
