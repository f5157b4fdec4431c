"""How programs sign in, at the addresses that are made for them: a token (RFC 6750), or name and password (RFC 7617).

Neither is ever asked of a page, and neither needs a CSRF token: no other site can make a browser send them.
"""

import hashlib
import hmac
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, BasicAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.tokens import token_get, token_use_record, token_user
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import look_record, refusal_record

#: Addresses that programs are let in at.
MADE_FOR_MACHINES = ("/dicomweb/", "/api/", "/fhir/")
#: How long a password that was found right is not hashed again, and how many are remembered.
REMEMBERED_SECONDS, REMEMBERED = 60.0, 256
NOT_KNOWN = "The token is unknown, expired or revoked."
WRONG = "User name or password is wrong."


class LockedOut(APIException):
    """Too many wrong passwords for this name from this address."""

    status_code = 429
    default_detail = "Too many wrong passwords: this name is locked for your address for a while."

    def __init__(self) -> None:
        super().__init__()
        self.wait = settings.AXES_COOLOFF_TIME * 3600


class _OfMachines(BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        """Name both ways (RFC 9110 11.6.1); a browser is not told of Basic, lest it ask a reader for a password."""
        realm = 'realm="Readroom"'
        return f"Bearer {realm}" if _is_browser(request) else f'Bearer {realm}, Basic {realm}, charset="UTF-8"'


class TokenAuthentication(_OfMachines):
    """`Authorization: Bearer TOKEN`."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        """Return the token's user and the token; raise AuthenticationFailed for a token that opens nothing."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not request.path.startswith(MADE_FOR_MACHINES):
            return None
        token = token_get(secret=secret.strip())
        user = token_user(token) if token else None
        if token is None or user is None:
            named = f"token {token.pk} ({token.name})" if token else "unknown token"
            refusal_record(actor=token.user.get_username() if token else "", request=request._request, details=named)
            raise AuthenticationFailed(NOT_KNOWN)
        token_use_record(token=token, request=request._request)
        return user, token


class PasswordAuthentication(_OfMachines, BasicAuthentication):
    """`Authorization: Basic ...`: locked after failures as the sign-in page is."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the user of a name and password; raise AuthenticationFailed or LockedOut."""
        if not request.path.startswith(MADE_FOR_MACHINES) or _is_browser(request):
            return None  # A browser that remembers a password would send it along for any site that asks it to.
        found: tuple[User, None] | None = super().authenticate(request)
        return found

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> tuple[User, None]:
        """Check a password, by its slow hash once a minute."""
        proof = _proof(userid, password)
        user = _remembered(userid, proof)
        if user is None:
            bare = bare_request(request._request)
            user = authenticate(request=bare, username=userid, password=password)
            if getattr(bare, "axes_locked_out", False):
                raise LockedOut
            if not isinstance(user, User):
                raise AuthenticationFailed(WRONG)
            _remember(proof, user)
            look_record(Code.SIGN_IN, user=user, request=request._request, study=None)
        return user, None


def _is_browser(request: Request) -> bool:
    return "Sec-Fetch-Mode" in request.headers or "Origin" in request.headers


def bare_request(request: HttpRequest) -> HttpRequest:
    """Return a request without query and body: the lock's own records keep both, and both may name a patient."""
    bare = HttpRequest()
    bare.META = {
        name: value for name, value in request.META.items() if name not in {"QUERY_STRING", "HTTP_AUTHORIZATION"}
    }
    bare.method, bare.path = request.method, "/" + request.path.split("/")[1] + "/"
    return bare


#: Proof of a name and password -> until when, and the hash that it was found to fit.
_known: dict[bytes, tuple[float, str]] = {}
_key = secrets.token_bytes(32)


def _proof(name: str, password: str) -> bytes:
    """Return what stands for a name and password in this process's memory, and is of no use outside of it."""
    return hmac.new(_key, f"{name}\0{password}".encode(), hashlib.sha256).digest()


def _remember(proof: bytes, user: User) -> None:
    if len(_known) >= REMEMBERED:
        _known.clear()
    _known[proof] = (time.monotonic() + REMEMBERED_SECONDS, user.password)


def _remembered(name: str, proof: bytes) -> User | None:
    """Return the user whose password was found right a moment ago, if it still is theirs and the account is open."""
    until, kept = _known.get(proof, (0.0, ""))
    if time.monotonic() > until:
        return None
    return User.objects.select_related("site").filter(username=name, password=kept, is_active=True).first()
