"""What rules may check: one function each, in files by what they are about. `FUNCTIONS` is the list of all.

A function yields what is wrong with a value. It never raises for what a document holds, and it runs no code of anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yett.governance.functions import examples, openapi, operations, references, schemas, security, structure, values

if TYPE_CHECKING:
    from yett.governance.rule import Function

CORE: Final[dict[str, Function]] = {
    "alphabetical": structure.alphabetical,
    "casing": values.casing,
    "defined": values.defined,
    "enumeration": values.enumeration,
    "falsy": values.falsy,
    "length": values.length,
    "or": structure.any_of,
    "pattern": values.pattern,
    "schema": schemas.schema,
    "truthy": values.truthy,
    "typedEnum": values.typed_enum,
    "undefined": values.undefined,
    "unreferencedReusableObject": references.unreferenced,
    "xor": structure.one_of,
}
"""The functions that any ruleset may use."""

OPENAPI: Final[dict[str, Function]] = {
    "oasAdminSecurity": security.admin_schemes,
    "oasDiscriminator": schemas.discriminator,
    "oasDocumentSchema": openapi.document,
    "oasExample": examples.example,
    "oasOpFormDataConsumeCheck": operations.form_consumes,
    "oasOpIdUnique": operations.unique_ids,
    "oasOpParams": operations.parameters,
    "oasOpSecurityDefined": operations.security_defined,
    "oasOpSecured": security.secured,
    "oasOpSuccessResponse": operations.success_response,
    "oasPathParam": operations.path_parameters,
    "oasSchema": openapi.schema,
    "oasTagDefined": operations.tags_defined,
    "oasUnusedComponent": references.unused_components,
    "refSiblings": references.siblings,
    "serverVariables": operations.server_variables,
    "uniqueItems": structure.unique_items,
}
"""The functions that know OpenAPI."""

FUNCTIONS: Final[dict[str, Function]] = {**CORE, **OPENAPI}
"""Every function by the name that rulesets use."""
