"""The form of the webhooks page."""

from django import forms

from webapp.exchange.webhooks.models import Happening, Subscription
from webapp.exchange.webhooks.target_addresses import AddressRefusedError, target_of
from webapp.foundation.accounts.models import Site


class SubscriptionForm(forms.Form):
    """A new subscription: name, URL, site and events."""

    name = forms.CharField(max_length=40, label="Name")
    url = forms.CharField(max_length=300, label="Address", widget=forms.TextInput({"placeholder": "https://"}))
    site = forms.ModelChoiceField(
        Site.objects.order_by("name"), required=False, label="Studies of", empty_label="Every site"
    )
    happenings = forms.MultipleChoiceField(
        choices=Happening.choices,
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    def clean_name(self) -> str:
        """Refuse a name that is already taken."""
        name: str = self.cleaned_data["name"]
        if Subscription.objects.filter(name=name).exists():
            raise forms.ValidationError("A webhook of that name exists already.")
        return name

    def clean_url(self) -> str:
        """Refuse a URL to which nothing may be sent."""
        url: str = self.cleaned_data["url"].strip()
        try:
            target_of(url)
        except AddressRefusedError as refused:
            raise forms.ValidationError(str(refused)) from refused
        return url
