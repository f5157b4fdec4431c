"""What an export is asked to keep and to black out."""

from pydantic import BaseModel, ConfigDict, Field

#: Codes of DeidentificationMethodCodeSequence (PS3.16 CID 7050), by option; the empty name is the profile itself.
CODES = {
    "": ("113100", "Basic Application Confidentiality Profile"),
    "pixels": ("113101", "Clean Pixel Data Option"),
    "descriptors": ("113105", "Clean Descriptors Option"),
    "dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "patient": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
}


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rectangle(_Told):
    """Pixels to black out: from `left` and `top` up to, not including, `right` and `bottom`.

    With `columns` and `rows` it is for all images of that size, without for those in which writing is suspected.
    """

    left: int = Field(ge=0)
    top: int = Field(ge=0)
    right: int = Field(gt=0)
    bottom: int = Field(gt=0)
    columns: int | None = None
    rows: int | None = None


class Options(_Told):
    """The options of the profile that are offered; all off is the Basic Profile.

    Attributes
    ----------
    looked_through
        A person looked at every image in which writing is suspected and answers for it that none shows a name; what a
        header says is burned in stays nonetheless.
    """

    dates: bool = False
    patient: bool = False
    device: bool = False
    descriptors: bool = False
    pixels: bool = False
    rectangles: tuple[Rectangle, ...] = ()
    looked_through: bool = False

    def names(self) -> list[str]:
        """Return the names of what was done, the profile first (keys of `CODES`)."""
        return [name for name in CODES if not name or getattr(self, name)]


class Asked(_Told):
    """One object's order.

    Attributes
    ----------
    secret
        Hexadecimal key of all pseudonyms of an export.
    person
        Whose object it is, in words that mean something here alone; only its pseudonym leaves.
    """

    secret: str
    person: str
    options: Options


class Told(_Told):
    """What became of an object: names as they stand in it now, none of which says who it is."""

    person: str
    study: str
    series: str
    instance: str
    sop_class: str
    modality: str
    frames: int
    blacked: bool
