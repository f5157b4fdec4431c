"""On whose account things arrive that no person sent: one account a sender, at one site, with which nobody signs in."""

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured

from webapp.foundation.accounts.models import Site, User


def receiving_site_get(*, named: str) -> Site:
    """Return the site that owns what arrives: the one that is named, else the only one there is.

    Raises
    ------
    ImproperlyConfigured
        If there is no such site, or none is named and there are several.
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
    """Return a sender's account, made where it is new and moved where the site is another one now.

    It is inactive and has no password: it owns studies and stands in the audit trail, and opens no page.
    """
    new = {"site": site, "is_active": False, "password": make_password(None)}
    account, _ = User.objects.select_related("site").get_or_create(username=name, defaults=new)
    if account.site_id != site.pk:
        account.site = site
        account.save(update_fields=["site"])
    return account
