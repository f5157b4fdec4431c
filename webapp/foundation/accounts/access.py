"""The door of every page: who asks, may they, and the audit trail's note of a refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, OfSite, may, visible_sites
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record

Given = ParamSpec("Given")
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


def check_site_access(*, request: HttpRequest, of: OfSite, act: Action, study: UUID | None = None) -> None:
    """Return if the user may do `act` to something that belongs to a site; a refusal is audited.

    Parameters
    ----------
    study
        Which study the audit trail names, where `of` is one.

    Raises
    ------
    Http404
        If they may not even see it: the same answer as for what does not exist, so that nobody learns that it does.
    PermissionDenied
        If they may see it, and no more.
    """
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
    """Return the requested site, else the user's own, else the first that they see.

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
