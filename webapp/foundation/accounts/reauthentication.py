"""Asking somebody who is signed in for their password again: a wrong one counts as at the sign-in page."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from webapp.foundation.accounts.authentication import LockedOut, bare_request
from webapp.foundation.accounts.models import User

NONE = "Enter your password."
WRONG = "Wrong password. After five failures your account is locked for fifteen minutes."


class PasswordRefusedError(Exception):
    """It is not theirs, or was tried too often; the message is for whoever typed it."""


def password_check(*, user: User, password: str, request: HttpRequest) -> None:
    """Return if the password is the user's; call this outside of a transaction, or a failure is not counted.

    Raises
    ------
    PasswordRefusedError
        If it is not, or the name is locked for this address.
    """
    if not password:
        raise PasswordRefusedError(NONE)
    # Without its body: the lock's own records would keep what else was typed.
    bare = bare_request(request)
    found = authenticate(request=bare, username=user.get_username(), password=password)
    if getattr(bare, "axes_locked_out", False):
        raise PasswordRefusedError(LockedOut.default_detail)
    if found is None or found.pk != user.pk:
        raise PasswordRefusedError(WRONG)
