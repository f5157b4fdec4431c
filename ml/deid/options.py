"""The options of a de-identification, and its input and output types."""

from pydantic import BaseModel, ConfigDict, Field

#: Codes for DeidentificationMethodCodeSequence (PS3.16 CID 7050), by option; "" stands for the profile itself.
CODES = {
    "": ("113100", "Basic Application Confidentiality Profile"),
    "pixels": ("113101", "Clean Pixel Data Option"),
    "descriptors": ("113105", "Clean Descriptors Option"),
    "dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "patient": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
}


class _StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rectangle(_StrictModel):
    """A region to black out, in pixels: from `left` and `top` up to, but not including, `right` and `bottom`.

    With `columns` and `rows`, it applies to all images of that size; otherwise, to those with suspected burned-in text.
    """

    left: int = Field(ge=0)
    top: int = Field(ge=0)
    right: int = Field(gt=0)
    bottom: int = Field(gt=0)
    columns: int | None = None
    rows: int | None = None


class Options(_StrictModel):
    """The supported options of the profile; with all off, it is the Basic Profile.

    Attributes
    ----------
    looked_through
        A person has looked at every image with suspected burned-in text and vouches that none shows a name; an image
        whose header states burned-in text is nonetheless refused unless a region is blacked out.
    """

    dates: bool = False
    patient: bool = False
    device: bool = False
    descriptors: bool = False
    pixels: bool = False
    rectangles: tuple[Rectangle, ...] = ()
    looked_through: bool = False

    def names(self) -> list[str]:
        """Return the keys of `CODES` that apply: the profile first, then the chosen options."""
        return [name for name in CODES if not name or getattr(self, name)]


class Asked(_StrictModel):
    """The parameters for de-identifying one object.

    Attributes
    ----------
    secret
        The key of all pseudonyms of an export, in hexadecimal.
    person
        Internal key of the patient; only the pseudonym derived from it is exported.
    """

    secret: str
    person: str
    options: Options


class Told(_StrictModel):
    """The identifiers of a de-identified object, as they are in it now, and whether regions were blacked out."""

    person: str
    study: str
    series: str
    instance: str
    sop_class: str
    modality: str
    frames: int
    blacked: bool
