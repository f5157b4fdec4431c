"""CapabilityStatement: what can be asked here."""

from datetime import UTC, datetime

from fhir.resources.R4B.capabilitystatement import (
    CapabilityStatement,
    CapabilityStatementImplementation,
    CapabilityStatementRest,
    CapabilityStatementRestResource,
    CapabilityStatementRestResourceInteraction,
    CapabilityStatementRestResourceSearchParam,
    CapabilityStatementRestSecurity,
    CapabilityStatementSoftware,
)

from webapp.exchange.fhir.base import JSON
from webapp.exchange.fhir.datatypes import FHIR_VERSION, day
from webapp.exchange.fhir.resource_types import KINDS, Kind

#: When what is offered last changed.
CHANGED = datetime(2026, 11, 26, tzinfo=UTC)


def capability_statement(*, root: str) -> CapabilityStatement:
    """Return the statement of this server."""
    return CapabilityStatement(
        status="active",
        date=day(CHANGED.date()),
        kind="instance",
        software=CapabilityStatementSoftware(name="Readroom"),
        implementation=CapabilityStatementImplementation(
            description="Readroom: research use only, not for diagnosis", url=f"{root}/fhir"
        ),
        fhirVersion=FHIR_VERSION,
        format=[JSON],
        rest=[
            CapabilityStatementRest(
                mode="server",
                security=CapabilityStatementRestSecurity(
                    description="A session of a signed-in user, who sees what their pages show."
                ),
                resource=[_offered(kind) for kind in KINDS.values()],
            )
        ],
    )


def _offered(kind: Kind) -> CapabilityStatementRestResource:
    return CapabilityStatementRestResource(
        type=kind.name,
        interaction=[CapabilityStatementRestResourceInteraction(code=code) for code in ("read", "search-type")],
        versioning="no-version",
        conditionalRead="not-match",
        searchParam=[
            CapabilityStatementRestResourceSearchParam(name=name, type=type_)
            for name, (type_, _narrow) in kind.searched.items()
        ],
    )
