"""The content of structured reports: what is measured and coded stays, what is written goes (PS3.3 C.17.3)."""

from collections.abc import Iterable

from pydicom.dataset import Dataset

#: Value types whose value is a code, a number, a place or a pointer.
KEPT = frozenset({"CONTAINER", "CODE", "NUM", "IMAGE", "COMPOSITE", "SCOORD", "SCOORD3D", "TCOORD", "UIDREF"})
#: Kept where dates are: moved like all others.
DATED = frozenset({"DATE", "TIME", "DATETIME"})


def content_kept(items: Iterable[Dataset], *, dates: bool) -> list[Dataset]:
    """Return the content items that may leave: no free text, no names, and none that points to others by number."""
    allowed = KEPT | DATED if dates else KEPT
    return [
        item for item in items if item.get("ValueType") in allowed and "ReferencedContentItemIdentifier" not in item
    ]
