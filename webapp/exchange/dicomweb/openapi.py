"""How bodies that are no JSON of ours are told in the OpenAPI description."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

BYTES = OpenApiTypes.BINARY
#: DICOM JSON (PS3.18 annex F): an array of objects, tags to elements.
HEADERS = {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "object"}}}
HEADER = {"type": "object", "additionalProperties": {"type": "object"}}


def asked(name: str, description: str, kind: OpenApiTypes = OpenApiTypes.STR) -> OpenApiParameter:
    """Describe a parameter of an address's query."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description)


RENDERING = [
    asked("window", "centre,width,function with linear, linear-exact or sigmoid"),
    asked("viewport", "width,height, and left,top,columns,rows of a region"),
    asked("quality", "of JPEG, 1 to 100", OpenApiTypes.INT),
]
SEARCHING = [
    asked("limit", "at most so many", OpenApiTypes.INT),
    asked("offset", "leave out so many", OpenApiTypes.INT),
    asked("includefield", "attributes to tell besides, or all"),
    asked("fuzzymatching", "words of a name, in any order, by how they begin", OpenApiTypes.BOOL),
]
