"""The form of the export page."""

import re

from django import forms

from webapp.imaging.archive.models import Study
from workers import api

RECTANGLE = re.compile(r"(?:(\d{1,5})x(\d{1,5}):)?\s*(\d{1,5}),\s*(\d{1,5}),\s*(\d{1,5}),\s*(\d{1,5})")


class ExportForm(forms.Form):
    """A name, the studies to export, and the options of the de-identification profile."""

    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="Exports with the same name belong together: a patient keeps one pseudonym in all of them.",
    )
    studies = forms.ModelMultipleChoiceField(queryset=Study.objects.all(), error_messages={"required": "Pick a study."})
    dates = forms.BooleanField(
        required=False,
        initial=True,
        label="Keep dates, shifted",
        help_text="All dates of a patient are shifted by the same number of days.",
    )
    patient = forms.BooleanField(
        required=False,
        label="Keep patient characteristics",
        help_text="Sex, age (up to 89), height, weight and the like.",
    )
    device = forms.BooleanField(
        required=False, label="Keep device identity", help_text="Station, serial numbers, model and software."
    )
    descriptors = forms.BooleanField(
        required=False, label="Keep descriptions, cleaned", help_text="Only words from a list that identifies nobody."
    )
    pixels = forms.BooleanField(
        required=False,
        label="Black out burned-in text",
        help_text="Ultrasound keeps its image regions; for other images give rectangles. Without this option such "
        "images are not exported.",
    )
    rectangles = forms.CharField(
        required=False,
        label="Rectangles to black out",
        widget=forms.Textarea({"rows": 3, "placeholder": "0,0,640,40\n1024x768: 0,0,1024,60"}),
        help_text="One per line, in pixels: left, top, right, bottom. With COLUMNSxROWS: in front for all images of "
        "that size, without it for images suspected of burned-in text.",
    )

    def clean_rectangles(self) -> list[api.Rectangle]:
        """Return the rectangles, parsed from one line each."""
        lines = [line.strip() for line in self.cleaned_data["rectangles"].splitlines() if line.strip()]
        return [_rectangle(line) for line in lines]

    def options(self) -> api.Options:
        """Return the de-identification options of a valid form."""
        names = ("dates", "patient", "device", "descriptors", "pixels")
        chosen = {name: self.cleaned_data[name] for name in names}
        return api.Options(**chosen, rectangles=tuple(self.cleaned_data["rectangles"]))


def _rectangle(line: str) -> api.Rectangle:
    if (found := RECTANGLE.fullmatch(line)) is None:
        raise forms.ValidationError(f"“{line[:40]}” is no rectangle: four numbers with commas between them.")
    columns, rows, *edges = (int(number) if number else None for number in found.groups())
    left, top, right, bottom = (edge or 0 for edge in edges)
    if left >= right or top >= bottom:
        raise forms.ValidationError(f"“{line[:40]}” is empty: right must exceed left, and bottom top.")
    return api.Rectangle(left=left, top=top, right=right, bottom=bottom, columns=columns, rows=rows)
