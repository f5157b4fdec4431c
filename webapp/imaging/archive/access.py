"""The door of every page: who asks, may they, and the audit trail's note of a refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, NoReturn, ParamSpec
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, OfSite, may, visible_sites
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Series, Study
from webapp.reading.reviews.blinding import is_blinded, is_series_blinded

Given = ParamSpec("Given")
#: What the audit trail says of who asked for what is kept from them until they have read the study.
VEILED = "see before reading"
View = Callable[Concatenate[HttpRequest, Given], HttpResponseBase]


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user; nobody else comes past the sign-in middleware.

    Raises
    ------
    PermissionDenied
        If a view was opened to the public by mistake.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def requires(act: Action) -> Callable[[View[Given]], View[Given]]:
    """Let a view run only for those who may do `act`; a refusal is audited and answered 403."""

    def decorate(view: View[Given]) -> View[Given]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponseBase:
            if not may(request.user, act):
                audit_record(
                    code=Code.ACCESS_REFUSED, user=current_user(request), request=request, success=False, details=act
                )
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


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
    _checked(request, study, act, study=study.pk)
    return study


def check_answer_visible(*, request: HttpRequest, study: Study) -> None:
    """Let go on whoever may know now what the AI says of a study.

    Raises
    ------
    Http404
        If it is veiled from them (see `webapp.reading.reviews.blinding`): the same answer as where it says nothing.
    """
    if is_blinded(study=study, user=current_user(request)):
        deny_blinded(request=request, study=study)


def check_series_access(*, request: HttpRequest, series: Series, act: Action) -> Study:
    """Return the study of a series if the user may do `act` to it and the series itself is not veiled from them."""
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
        details=VEILED,
    )
    raise Http404


def check_site_access(*, request: HttpRequest, of: OfSite, act: Action) -> None:
    """Let go on whoever may do `act` to what belongs to a site; raises as `check_study_access`."""
    _checked(request, of, act, study=None)


def _checked(request: HttpRequest, of: OfSite, act: Action, *, study: UUID | None) -> None:
    if not may(request.user, act, of):
        audit_record(
            code=Code.ACCESS_REFUSED,
            user=current_user(request),
            request=request,
            study=study,
            success=False,
            details=act,
        )
        raise PermissionDenied if may(request.user, Action.SEE, of) else Http404


def selected_site(user: User, wanted: int | None) -> Site:
    """Return the site that is asked for, else the user's own, else the first that they see.

    Raises
    ------
    Http404
        If they do not see it, or see none.
    """
    sites = visible_sites(user, Site.objects.order_by("name"))
    number = wanted or user.site_id
    chosen = sites.filter(pk=number).first() if number else sites.first()
    if chosen is None:
        raise Http404
    return chosen


def open_study(*, request: HttpRequest, study: UUID, act: Action = Action.SEE) -> Study:
    """Return the study with that id if the user may do `act` to it; raises as `check_study_access`."""
    try:
        found = Study.objects.select_related("patient", "site", "task__assignee").get(pk=study)
    except Study.DoesNotExist:
        raise Http404 from None
    return check_study_access(request=request, study=found, act=act)
