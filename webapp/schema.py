"""How the REST addresses are described for programs (OpenAPI, /api/schema/)."""

import re

from drf_spectacular.openapi import AutoSchema


class AddressSchema(AutoSchema):
    """Names each operation by its method and its whole address: in DICOMweb many differ in their last words alone."""

    def get_operation_id(self) -> str:
        """Return the name, such as "get_dicomweb_studies_study_series"."""
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path)])
