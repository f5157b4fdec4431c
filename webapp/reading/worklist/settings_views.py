"""How a site reads: its targets, whether it reads first, what two readers read."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from webapp.foundation.accounts.access import current_user, requires, selected_site
from webapp.foundation.accounts.models import Site
from webapp.foundation.accounts.permissions import Action, visible_sites
from webapp.reading.worklist.models import SiteSettings
from webapp.reading.worklist.services import settings_of, update_settings
from workers import api

if TYPE_CHECKING:
    RulesFields = forms.ModelForm[SiteSettings]
else:
    RulesFields = forms.ModelForm


class RulesForm(RulesFields):
    """The rules of one site."""

    two_readers_for = forms.MultipleChoiceField(
        label="Two readers, blinded to each other, for", required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = SiteSettings
        exclude = ("site", "cases_handed_out")
        labels: ClassVar[dict[str, Any]] = {
            "stat_minutes": "STAT due within (minutes)",
            "urgent_minutes": "Urgent due within (minutes)",
            "routine_minutes": "Routine due within (minutes)",
            "critical_minutes": "Critical results read back within (minutes)",
            "claim_minutes": "Release a claimed case after this many idle minutes",
            "read_first": "Read first: the AI result stays hidden until the reader has committed a read",
            "least_overlap": "Two boxes match from this overlap (IoU, 0 to 1)",
            "least_dice": "Two outlines match from this overlap (Dice, 0 to 1)",
        }
        help_texts: ClassVar[dict[str, Any]] = dict.fromkeys(labels, "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = sorted(_parts() | set(self.instance.two_readers_for))
        self.fields["two_readers_for"].choices = [(part, part.capitalize()) for part in parts]  # type: ignore[attr-defined]

    def clean_least_overlap(self) -> float:
        """Keep an overlap between 0 and 1."""
        return self._overlap("least_overlap")

    def clean_least_dice(self) -> float:
        """Keep an overlap between 0 and 1."""
        return self._overlap("least_dice")

    def _overlap(self, name: str) -> float:
        overlap: float = self.cleaned_data[name]
        if not 0 < overlap <= 1:
            raise forms.ValidationError("An overlap lies between 0 and 1.")
        return overlap


def _parts() -> set[str]:
    """Return the parts of the body that the cascade tells apart."""
    regions = (told for question, told in api.codes_declared().items() if question.endswith(("_region", "_part")))
    return {part for told in regions for part in told}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Action.MANAGE_READING)
def rules(request: HttpRequest, site: int | None = None) -> HttpResponse:
    """Show and change the rules of a site; of the user's own, where none is named."""
    user = current_user(request)
    sites, chosen = visible_sites(user, Site.objects.order_by("name")), selected_site(user, site)
    form = RulesForm(request.POST or None, instance=settings_of(chosen.pk))
    if request.method == "POST" and form.is_valid():
        update_settings(rules=form.save(commit=False), changed=form.changed_data, user=user, request=request)
        messages.success(request, "Saved. In force from now on.")
        return redirect("reading-rules-of", chosen.pk)
    status = 400 if request.method == "POST" else 200
    return render(request, "worklist/settings.html", {"form": form, "site": chosen, "sites": sites}, status=status)
