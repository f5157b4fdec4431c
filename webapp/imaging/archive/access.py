"""The door to studies and series: may this user do that to it, and may they know yet what it says."""

from typing import NoReturn
from uuid import UUID

from django.http import Http404, HttpRequest

from webapp.foundation.accounts.access import check_site_access, current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.blinding import is_blinded, is_series_blinded
from webapp.imaging.archive.models import Series, Study

#: What the audit trail says of whoever asked for an answer that they are blinded to.
BLINDED = "see before reading"


def check_study_access(*, request: HttpRequest, study: Study, act: Action) -> Study:
    """Return `study` if the user may do `act` to it.

    Raises
    ------
    Http404
        If they may not even see it: the same answer as for a study that does not exist, so that nobody learns that
        it does.
    PermissionDenied
        If they may see it, and no more.
    """
    check_site_access(request=request, of=study, act=act, study=study.pk)
    return study


def check_answer_visible(*, request: HttpRequest, study: Study) -> None:
    """Let go on whoever may know now what the AI says of a study.

    Raises
    ------
    Http404
        If they are blinded to it (see `webapp.imaging.archive.blinding`): the same answer as where it says nothing.
    """
    if is_blinded(study=study, user=current_user(request)):
        deny_blinded(request=request, study=study)


def check_series_access(*, request: HttpRequest, series: Series, act: Action) -> Study:
    """Return the study of a series if the user may do `act` to it and the series itself is not kept from them."""
    study = check_study_access(request=request, study=series.study, act=act)
    if is_series_blinded(series=series, user=current_user(request)):
        deny_blinded(request=request, study=study)
    return study


def deny_blinded(*, request: HttpRequest, study: Study) -> NoReturn:
    """Answer as if what is asked for were not there, and write down that it was asked for.

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
    """Return the study with that id if the user may do `act` to it; raises as `check_study_access`."""
    try:
        found = Study.objects.select_related("patient", "site", "task__assignee").get(pk=study)
    except Study.DoesNotExist:
        raise Http404 from None
    return check_study_access(request=request, study=found, act=act)
