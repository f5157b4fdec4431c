"""Accounts of senders that are not people: one per sender, at one site; nobody can sign in with them."""

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured

from webapp.foundation.accounts.models import Site, User


def receiving_site_get(*, named: str) -> Site:
    """Return the site that owns what is received: the one with that name or, without a name, the only one.

    Raises
    ------
    ImproperlyConfigured
        If there is no such site, or if no name is given and there is not exactly one site.
    """
    sites = list(Site.objects.filter(name=named) if named else Site.objects.all()[:2])
    if len(sites) == 1:
        return sites[0]
    if named:
        raise ImproperlyConfigured(f"READROOM_RECEIVING_SITE names {named!r}, and there is no such site.")
    raise ImproperlyConfigured(
        "READROOM_RECEIVING_SITE must name the site that owns what arrives: there is "
        + ("no site yet." if not sites else "more than one.")
    )


def sender_account_get(*, name: str, site: Site) -> User:
    """Return a sender's account, created if it is new, and moved to the site if it belonged to another.

    The account is inactive and has no usable password: it owns studies and appears in the audit trail, but cannot sign
    in.
    """
    new = {"site": site, "is_active": False, "password": make_password(None)}
    account, _ = User.objects.select_related("site").get_or_create(username=name, defaults=new)
    if account.site_id != site.pk:
        account.site = site
        account.save(update_fields=["site"])
    return account
