"""CapabilityStatement: what can be asked here."""

from datetime import UTC, datetime

from webapp.exchange.fhir.base import JSON
from webapp.exchange.fhir.datatypes import FHIR_VERSION, Resource
from webapp.exchange.fhir.resource_types import KINDS

#: When what is offered last changed.
CHANGED = datetime(2026, 11, 26, tzinfo=UTC)


def capability_statement(*, root: str) -> Resource:
    """Return the statement of this server."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED.date().isoformat(),
        "kind": "instance",
        "software": {"name": "Readroom"},
        "implementation": {"description": "Readroom: research use only, not for diagnosis", "url": f"{root}/fhir"},
        "fhirVersion": FHIR_VERSION,
        "format": [JSON],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A session of a signed-in user, who sees what their pages show."},
                "resource": [
                    {
                        "type": kind.name,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "conditionalRead": "not-match",
                        "searchParam": [
                            {"name": name, "type": type_} for name, (type_, _narrow) in kind.searched.items()
                        ],
                    }
                    for kind in KINDS.values()
                ],
            }
        ],
    }
