"""How the REST addresses are described for programs (OpenAPI, /api/schema/)."""

import re
from typing import Any

from drf_spectacular.authentication import BasicScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class AddressSchema(AutoSchema):
    """Names each operation by its method and its whole address: in DICOMweb many differ in their last words alone."""

    def get_operation_id(self) -> str:
        """Return the name, such as "get_dicomweb_studies_study_series"."""
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path)])


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no types
    """A machine's token."""

    target_class = "webapp.foundation.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 - their signature
        """Return how OpenAPI says it."""
        return {"type": "http", "scheme": "bearer"}


class PasswordScheme(BasicScheme):  # type: ignore[no-untyped-call]  # of a library without types
    """A machine's name and password."""

    target_class = "webapp.foundation.accounts.authentication.PasswordAuthentication"
