"""The form of a new campaign."""

import re
from typing import Any

from django import forms

from webapp.foundation.accounts.models import Site, User
from webapp.imaging.archive.presenters import MODALITIES
from webapp.reading.campaigns.case_selection import HEADERS, MOST, SeriesCriteria
from webapp.reading.campaigns.selectors import site_readers
from webapp.reading.campaigns.services import CampaignQuestion
from webapp.reading.worklist.selectors import body_parts

ANY = ("", "Any")
DRAWN = [("", "Nothing"), ("boxes", "Boxes"), ("outlines", "Outlines")]


class CampaignForm(forms.Form):
    """The question, the readers, and the criteria of the series."""

    name = forms.CharField(max_length=80, help_text="It is part of every exported set: no patient names here.")
    question = forms.CharField(max_length=300, help_text="Shown to the readers above each picture.")
    answers = forms.CharField(max_length=400, help_text="Two to nine, separated by commas: benign, malignant, normal")
    draws = forms.ChoiceField(choices=DRAWN, required=False, label="Readers also draw")
    readers_per_case = forms.IntegerField(
        min_value=1, max_value=9, initial=2, label="Readers per case, blinded to each other"
    )
    readers = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label="Invited",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one reader."},
    )
    modality = forms.ChoiceField(choices=[ANY, *((word, MODALITIES[word]) for word in HEADERS)], required=False)
    part = forms.ChoiceField(required=False, label="Body part", help_text="As the newest AI result names it.")
    words = forms.CharField(
        max_length=120, required=False, label="Description contains", help_text="Patient names are not searched."
    )
    only_read = forms.BooleanField(required=False, label="Only studies that have been read")
    limit = forms.IntegerField(min_value=1, max_value=MOST, initial=100, label=f"At most (up to {MOST})")
    is_drawn = forms.TypedChoiceField(
        choices=[("yes", "Random, by seed"), ("no", "First to arrive")],
        coerce=lambda word: word == "yes",
        label="Sampling",
        initial="yes",
    )
    seed = forms.IntegerField(min_value=0, max_value=999_999_999, initial=1)

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers, part = self.fields["readers"], self.fields["part"]
        assert isinstance(readers, forms.ModelMultipleChoiceField)
        assert isinstance(part, forms.ChoiceField)
        readers.queryset = site_readers(site)
        part.choices = [ANY, *((name, name.capitalize()) for name in body_parts())]

    @property
    def campaign_question(self) -> CampaignQuestion:
        """The question of a valid form."""
        data = self.cleaned_data
        return CampaignQuestion(
            name=data["name"],
            question=data["question"],
            answers=[word.strip()[:40] for word in re.split(r"[,\n]", data["answers"])],
            asks_boxes=data["draws"] == "boxes",
            asks_outlines=data["draws"] == "outlines",
            readers_per_case=data["readers_per_case"],
        )

    @property
    def criteria(self) -> SeriesCriteria:
        """The series criteria of a valid form."""
        names = ("modality", "part", "words", "only_read", "limit", "is_drawn", "seed")
        return SeriesCriteria(**{name: self.cleaned_data[name] for name in names})
