"""What an administrator asks the performance page for: site, weeks, model version. All of it is in the address."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from webapp.administration.monitoring.periods import Weeks, weeks_until
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import visible_sites
from webapp.foundation.core.request_params import int_param

SPANS = (4, 8, 12, 26)
USUAL = 12
#: A model version as an address names it.
VERSION = re.compile(r"(?P<model>[\w.-]{1,60})/(?P<version>[\w.-]{1,40})", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """Which runs are meant. `sites` are those that the user may see; `model` and `version` are "" for all."""

    sites: QuerySet[Site]
    site: Site | None
    weeks: Weeks
    model: str = ""
    version: str = ""

    @classmethod
    def read(cls, query: QueryDict, *, user: User, now: datetime) -> Self:
        """Return what an address asks for; what does not exist, or may not be seen, means all that may."""
        sites = visible_sites(user, Site.objects.order_by("name"))
        site, span = int_param(query.get("site", "")), query.get("weeks", "")
        count = int(span) if span in map(str, SPANS) else USUAL
        named = VERSION.fullmatch(query.get("model", ""))
        return cls(
            sites=sites,
            site=sites.filter(pk=site).first() if site is not None else None,
            weeks=weeks_until(now, count=count),
            model=named["model"] if named else "",
            version=named["version"] if named else "",
        )

    @property
    def chosen(self) -> str:
        """The model version as the address names it."""
        return f"{self.model}/{self.version}" if self.model else ""

    def address(self, **changes: str) -> str:
        """Return the part of the address after the question mark, with changes."""
        asked = {"site": str(self.site.pk) if self.site else "", "weeks": str(self.weeks.count), "model": self.chosen}
        return urlencode({name: value for name, value in {**asked, **changes}.items() if value})

    def at_site(self, study: str) -> Q:
        """Return the condition that a row's study (`series__study`, say) is of the sites meant."""
        meant = self.sites.filter(pk=self.site.pk) if self.site else self.sites
        return Q(**{f"{study}__site__in": meant.order_by()})

    @property
    def of_version(self) -> tuple[str, str]:
        """The model version meant; both empty for all."""
        return self.model, self.version

    @property
    def of_model(self) -> Q:
        """The condition that a stage is of the model version meant."""
        return Q(model=self.model, version=self.version) if self.model else Q()
