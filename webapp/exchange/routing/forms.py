"""The form for a destination, used by the page and the command line."""

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ImproperlyConfigured

from webapp.exchange.dicom_scp.ae_allowlist import check_ae_title
from webapp.exchange.routing.models import Destination
from webapp.exchange.routing.stow import SECRETS

if TYPE_CHECKING:
    DestinationFields = forms.ModelForm[Destination]
else:
    DestinationFields = forms.ModelForm

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
VARIABLE = re.compile(r"[A-Z0-9_]+")
NEEDED = {Destination.Kind.C_STORE: ("host", "port", "title"), Destination.Kind.STOW: ("url",)}


class DestinationForm(DestinationFields):
    """A destination; each kind requires its own fields, and the other kind's are cleared."""

    class Meta:
        model = Destination
        fields = (
            "name",
            "kind",
            "host",
            "port",
            "title",
            "tls",
            "url",
            "credentials",
            "site",
            "auto_forward_results",
            "is_active",
        )
        labels: ClassVar[dict[str, Any]] = {
            "kind": "Protocol",
            "title": "AE title",
            "tls": "by TLS",
            "url": "DICOMweb address",
            "credentials": f"Credentials: {SECRETS}",
            "auto_forward_results": "Forward results automatically",
            "is_active": "In use",
        }
        help_texts: ClassVar[dict[str, Any]] = dict.fromkeys(fields, "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.help_text = ""  # the page explains which field belongs to which kind
        site = self.fields["site"]
        assert isinstance(site, forms.ModelChoiceField)
        site.empty_label = "Every site"

    def clean(self) -> dict[str, Any]:
        """Require the fields of the kind, and clear the others."""
        stated = super().clean() or self.cleaned_data
        kind = stated.get("kind")
        for of_kind, names in NEEDED.items():
            for name in names:
                if of_kind != kind:
                    stated[name] = None if name == "port" else ""
                elif not stated.get(name) and name not in self.errors:
                    self.add_error(name, "This field is required.")
        if kind == Destination.Kind.C_STORE:
            stated["credentials"] = ""
        elif kind == Destination.Kind.STOW:
            stated["tls"] = False
        return stated

    def clean_host(self) -> str:
        """Refuse anything but a host name or an IP address."""
        return self._matching("host", HOST, "This is not a host name or address.")

    def clean_credentials(self) -> str:
        """Refuse anything but the end of an environment variable's name; the secret itself is never entered."""
        return self._matching("credentials", VARIABLE, "The end of a variable's name: capitals, digits, underscores.")

    def clean_title(self) -> str:
        """Refuse anything but an AE title."""
        title: str = self.cleaned_data["title"]
        try:
            return title and check_ae_title(title, variable="AE title")
        except ImproperlyConfigured:
            raise forms.ValidationError("An AE title has 1 to 16 plain characters and no backslash.") from None

    def clean_url(self) -> str:
        """Refuse anything but the base URL of a service, and a URL with a password."""
        url: str = self.cleaned_data["url"]
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise forms.ValidationError("An address begins with https:// or http:// and ends with the service's path.")
        if parts.username or parts.password:
            raise forms.ValidationError("No user name or password here: credentials are named, not typed.")
        return url

    def _matching(self, name: str, pattern: re.Pattern[str], otherwise: str) -> str:
        value: str = self.cleaned_data[name]
        if value and not pattern.fullmatch(value):
            raise forms.ValidationError(otherwise)
        return value
