"""Tokens by which machines sign in: made once and shown once, looked up by their digest, revoked at once."""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import AccessToken, Site, User
from webapp.foundation.accounts.permissions import has_global_scope
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import ONE_LOOK, audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason

#: So that a secret that lies where it should not is known for what it is.
PREFIX = "readroom_"
ACCOUNT_CLOSED = RefusalReason("account-closed", "The account {user} is closed.")
OTHER_SITE = RefusalReason(
    "other-site", "A token reaches one site: the user's own, or any for a user who sees all of them."
)
NO_NAME = RefusalReason(
    "no-name", "A token has the name of the machine that holds it, and is valid for some days or without expiry."
)
NAME_TAKEN = RefusalReason("name-taken", "{user} has a token of that name already.")
DAYS = 365


class TokenError(Refusal):
    """A token that cannot be made; the message is for the one who asked."""


def token_make(
    *,
    user: User,
    name: str,
    site: Site | None = None,
    days: int = DAYS,
    by: User | None = None,
    request: HttpRequest | None = None,
) -> tuple[AccessToken, str]:
    """Make a token.

    Parameters
    ----------
    user
        On whose account the machine acts.
    name
        Which machine holds it.
    site
        The one site that it reaches; the user's own where none is named.
    days
        How long it is good for; 0 for ever.
    by, request
        Who asks, for the audit trail.

    Returns
    -------
    tuple of AccessToken and str
        The row and the secret, which cannot be had again.

    Raises
    ------
    TokenError
        If the account is closed, has a token of that name, or may not act at that site.
    """
    home = site or user.site
    if not user.is_active:
        raise TokenError(ACCOUNT_CLOSED.filled(user=user.get_username()))
    if home is None or not (has_global_scope(user) or home.pk == user.site_id):
        raise TokenError(OTHER_SITE)
    if not name.strip() or days < 0:
        raise TokenError(NO_NAME)
    secret = PREFIX + secrets.token_urlsafe(32)
    expires = timezone.now() + timedelta(days=days) if days else None
    try:
        with transaction.atomic():
            token = AccessToken.objects.create(
                name=name.strip()[:80],
                user=user,
                site=home,
                digest=digest_of(secret),
                created_by=by.get_username() if by else "",
                expires_at=expires,
            )
            _audited(Code.TOKEN_MADE, token, by, request)
    except IntegrityError as error:
        raise TokenError(NAME_TAKEN.filled(user=user.get_username())) from error
    return token, secret


def token_revoke(*, token: int, by: User | None = None, request: HttpRequest | None = None) -> bool:
    """Let a token open nothing any more; False where it was revoked before or is none."""
    with transaction.atomic():
        revoked = AccessToken.objects.filter(pk=token, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            _audited(Code.TOKEN_REVOKED, AccessToken.objects.select_related("user").get(pk=token), by, request)
    return bool(revoked)


def token_list() -> QuerySet[AccessToken]:
    """Return all tokens, the newest first."""
    return AccessToken.objects.select_related("user", "site")


def token_get(*, secret: str) -> AccessToken | None:
    """Return the token of a secret, whether it is good or not, with user and site: one query."""
    return AccessToken.objects.select_related("user", "site").filter(digest=digest_of(secret)).first()


def token_user(token: AccessToken) -> User | None:
    """Return the user as whom a token acts, kept to its site; None where it opens nothing (any more)."""
    user = token.user
    is_over = token.revoked_at or (token.expires_at and token.expires_at <= timezone.now())
    has_moved = not has_global_scope(user) and user.site_id != token.site_id
    if is_over or has_moved or not user.is_active:
        return None
    user.site, user.is_site_scoped = token.site, True
    return user


def token_use_record(*, token: AccessToken, request: HttpRequest) -> None:
    """Note that a token was used, and let the audit trail know: once a quarter of an hour."""
    now = timezone.now()
    if token.last_used_at and token.last_used_at > now - ONE_LOOK:
        return
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - ONE_LOOK)
    with transaction.atomic():
        if AccessToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now):
            details = f"token {token.pk} ({token.name})"
            audit_record(code=Code.SIGN_IN, user=token.user, request=request, details=details)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _audited(code: Code, token: AccessToken, by: User | None, request: HttpRequest | None) -> None:
    details = f"token {token.pk} ({token.name}) of {token.user.get_username()}"
    audit_record(code=code, user=by, request=request, details=details, actor="" if by else "command line")
