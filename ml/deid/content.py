"""The content of structured reports (PS3.3 C.17.3): measurements and codes are kept, text is removed."""

from collections.abc import Iterable

from pydicom.dataset import Dataset

#: Value types whose value is a code, a number, coordinates or a reference.
KEPT = frozenset({"CONTAINER", "CODE", "NUM", "IMAGE", "COMPOSITE", "SCOORD", "SCOORD3D", "TCOORD", "UIDREF"})
#: Value types kept, with shifted dates, if dates are kept.
DATED = frozenset({"DATE", "TIME", "DATETIME"})


def content_kept(items: Iterable[Dataset], *, dates: bool) -> list[Dataset]:
    """Return the content items to keep: no free text, no names, and none that refers to other items by position."""
    allowed = KEPT | DATED if dates else KEPT
    return [
        item for item in items if item.get("ValueType") in allowed and "ReferencedContentItemIdentifier" not in item
    ]
