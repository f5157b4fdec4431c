"""Sign-ins, sign-outs, failures and lock-outs are heard wherever they happen, and written down."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record

#: Written for a name that is nobody's: people type their password into the wrong field.
UNKNOWN = "unknown name"


@receiver(user_logged_in)
def on_sign_in(*, request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    """Record who came in."""
    audit_record(code=Code.SIGN_IN, user=user, request=request)


@receiver(user_logged_out)
def on_sign_out(*, request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    """Record who left."""
    audit_record(code=Code.SIGN_OUT, user=user, request=request)


@receiver(user_login_failed)
def on_refusal(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record whom somebody tried to be."""
    audit_record(code=Code.SIGN_IN_REFUSED, actor=known(credentials.get("username")), request=request, success=False)


@receiver(user_locked_out)
def on_lock_out(*, request: HttpRequest, username: str, **_: Any) -> None:
    """Record that guessing was stopped."""
    audit_record(
        code=Code.SIGN_IN_REFUSED,
        actor=known(username),
        request=request,
        success=False,
        details="locked out after too many failures",
    )


def known(username: object) -> str:
    """Return a user name if it is somebody's, else a word that gives nothing away."""
    return str(username) if get_user_model().objects.filter(username=str(username or "")).exists() else UNKNOWN
