"""Vite's manifest: the built files of the front end that a page loads."""

import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

BUILT = Path(__file__).resolve().parent / "static" / "viewer"
ENTRY = "src/main.ts"
#: The brush on one picture of a campaign.
OUTLINING = "src/campaign/main.ts"


@dataclass(frozen=True)
class EntryFiles:
    """Addresses of the built files of one entry point.

    Attributes
    ----------
    script
        Of the entry, a module.
    chunks
        Of what the entry loads by itself a moment later; the page may ask for it at once.
    sheets
        Of the style sheets.
    """

    script: str
    chunks: tuple[str, ...]
    sheets: tuple[str, ...]


def load_entry(name: str = ENTRY) -> EntryFiles | None:
    """Return the built files of an entry point, by default the viewer's; None where it was not built (without Node).

    Vite's names hold a digest and its chunks name one another, so these files are asked for under their own names,
    not under those that Django's manifest would give them: a module under two names would run twice.
    """
    try:
        manifest = json.loads(_manifest().read_text())
        entry = manifest[name]
    except (FileNotFoundError, KeyError):
        return None
    names = dict.fromkeys([*entry.get("imports", ()), *entry.get("dynamicImports", ())])
    return EntryFiles(
        script=_address(entry["file"]),
        chunks=tuple(_address(manifest[name]["file"]) for name in names),
        sheets=tuple(_address(name) for name in entry.get("css", ())),
    )


def _manifest() -> Path:
    """Return the manifest of what is served: what was collected, whatever was built since; else what was built."""
    collected = Path(settings.STATIC_ROOT) / "viewer" / "manifest.json"
    return collected if collected.exists() else BUILT / "manifest.json"


def _address(name: str) -> str:
    return f"{settings.STATIC_URL}viewer/{name}"
