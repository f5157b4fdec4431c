"""Access checks for studies and series: the user's permissions, and whether they are still blinded to the AI result."""

from typing import NoReturn
from uuid import UUID

from django.http import Http404, HttpRequest

from webapp.foundation.accounts.access import check_site_access, current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.blinding import is_blinded, is_series_blinded
from webapp.imaging.archive.models import Series, Study

#: The audit trail's details for a request for a result to which the user is still blinded.
BLINDED = "see before reading"


def check_study_access(*, request: HttpRequest, study: Study, act: Action) -> Study:
    """Return `study` if the user may perform `act` on it.

    Raises
    ------
    Http404
        If they may not even see it. The response is the same as for a study that does not exist, so it does not
        reveal that this one does.
    PermissionDenied
        If they may see it but not perform `act`.
    """
    check_site_access(request=request, of=study, act=act, study=study.pk)
    return study


def check_answer_visible(*, request: HttpRequest, study: Study) -> None:
    """Check that the user is not blinded to the AI result of a study.

    Raises
    ------
    Http404
        If they are blinded to it (see `webapp.imaging.archive.blinding`). The response is the same as for a study
        without an AI result.
    """
    if is_blinded(study=study, user=current_user(request)):
        deny_blinded(request=request, study=study)


def check_series_access(*, request: HttpRequest, series: Series, act: Action) -> Study:
    """Return the study of a series if the user may perform `act` on it and is not blinded to the series itself."""
    study = check_study_access(request=request, study=series.study, act=act)
    if is_series_blinded(series=series, user=current_user(request)):
        deny_blinded(request=request, study=study)
    return study


def deny_blinded(*, request: HttpRequest, study: Study) -> NoReturn:
    """Record the refused access in the audit trail and respond as if the requested object did not exist.

    Raises
    ------
    Http404
        Always.
    """
    audit_record(
        code=Code.ACCESS_REFUSED,
        user=current_user(request),
        request=request,
        study=study.pk,
        success=False,
        details=BLINDED,
    )
    raise Http404


def open_study(*, request: HttpRequest, study: UUID, act: Action = Action.SEE) -> Study:
    """Return the study with that id if the user may perform `act` on it; raises the errors of `check_study_access`."""
    try:
        found = Study.objects.select_related("patient", "site", "task__assignee").get(pk=study)
    except Study.DoesNotExist:
        raise Http404 from None
    return check_study_access(request=request, study=found, act=act)
