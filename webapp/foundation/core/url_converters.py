"""Parts of addresses that several apps have."""

from django.urls import register_converter
from django.urls.converters import StringConverter

#: What addresses call the converter below.
PICTURE = "picture"


class PictureName(StringConverter):
    """The name of a picture beside an answer: no folder, no dot at the start."""

    regex = r"[a-z0-9][a-z0-9_-]{0,80}\.png"


register_converter(PictureName, PICTURE)
