"""A study whose reader outlined, signed and filed what they saw.

Run it by ``python -m tests.webapp.scenes.segmentations WHO ID``.
"""

import os
import sys
import uuid

import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

from django.http import HttpRequest

from tests.webapp import factories
from tests.webapp.scenes import annotations as marked_scene
from tests.webapp.scenes.annotations import MARKED, block
from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.selectors import load_editor
from webapp.reading.reporting.services import ReportText, report_sign
from webapp.reading.reporting.storage import REPORT_OBJECTS
from webapp.reading.reviews.models import Review
from webapp.reading.reviews.segmentation_services import OutlineInput, outline_save
from webapp.reading.reviews.selectors import findings_to_review
from webapp.reading.reviews.services import ReviewInput, review_finding
from webapp.reading.worklist.services import task_claim

#: By how many columns and rows the reader moves the outline of the block.
MOVED = (20, 9)


def drawn() -> NDArray[np.bool_]:
    """Return what the reader outlines on the axial series, (rows, columns)."""
    return np.roll(block(), MOVED[::-1], axis=(0, 1))


def scene(name: str, number: str) -> None:
    """Take the marked scene in, outline the block elsewhere on the axial series, sign, and file the objects."""
    marked_scene.scene(name, number)
    study = Study.objects.get(patient__patient_id=number)
    user, request = factories.clinician("umreisser", at=study.site), _request()
    User.objects.filter(pk=user.pk).update(first_name="Uta", last_name="Umreisser")
    user = User.objects.get(pk=user.pk)
    task_claim(task=study.task, user=user)
    axial, other = sorted(findings_to_review(study), key=lambda one: one.run.series.description)
    image = axial.run.series.instances.all()[MARKED]
    sent = OutlineInput(image, 1, factories.runs(drawn()), axial.pk, figures={"area": 48.0}, unit="mm")
    outline_save(mark=uuid.uuid4(), outline=sent, base_version=0, user=user, request=request)
    review_finding(study=study, user=user, review=ReviewInput(Review.Decision.AGREE, finding=other.pk))
    form = load_editor(study=study, user=user)
    texts = {section["key"]: section["text"] for section in form.sections} | {"impression": "The block lies behind."}
    report_sign(
        study=study,
        user=user,
        kind="final",
        password=factories.PASSWORD,
        text=ReportText(texts, "", is_abnormal=True, template=form.template.name),
        edit=form.edit,
        base=form.base,
        request=request,
    )
    assert work_due(REPORT_OBJECTS) == 1


def _request() -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "scene"}
    request.path = "/"
    return request


if __name__ == "__main__":
    scene(*sys.argv[1:])
