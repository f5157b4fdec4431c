"""The form of a site's reading rules."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from webapp.reading.worklist.models import SiteSettings
from webapp.reading.worklist.selectors import body_parts

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
        parts = sorted({*body_parts(), *self.instance.two_readers_for})
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
