"""The keywords of a Schema Object, by what they hold and by version of OpenAPI."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What the value of a keyword is and how it is carried over."""

    SCHEMA = "schema"
    IN_PLACE = "schema for the same value"
    IN_PLACE_LIST = "schemas for the same value"
    SCHEMA_LIST = "schemas for items"
    PROPERTIES = "schemas by property name"
    PATTERNS = "schemas by pattern"
    IN_PLACE_MAP = "schemas for the same value, by property name"
    DEFINITIONS = "schemas by name"
    COUNT = "whole number from 0"
    NUMBER = "number"
    DIVISOR = "number above 0"
    FLAG = "true or false"
    TEXTS = "list of names"
    TEXT_LISTS = "lists of names by name"
    VALUES = "list of values"
    VALUE = "value"
    TYPE = "type"
    PATTERN = "regular expression"
    FORMAT = "format"
    EXCLUSIVE = "true or false about a bound"
    REF = "reference"
    DYNAMIC_REF = "dynamic reference"
    ANCHOR = "name of a place"
    DYNAMIC_ANCHOR = "name of a dynamic place"
    ANNOTATION = "says something about the value and asserts nothing"


_COMMON = {
    "allOf": Kind.IN_PLACE_LIST,
    "anyOf": Kind.IN_PLACE_LIST,
    "oneOf": Kind.IN_PLACE_LIST,
    "not": Kind.IN_PLACE,
    "properties": Kind.PROPERTIES,
    "additionalProperties": Kind.SCHEMA,
    "items": Kind.SCHEMA,
    "type": Kind.TYPE,
    "enum": Kind.VALUES,
    "required": Kind.TEXTS,
    "pattern": Kind.PATTERN,
    "format": Kind.FORMAT,
    "multipleOf": Kind.DIVISOR,
    "minimum": Kind.NUMBER,
    "maximum": Kind.NUMBER,
    "uniqueItems": Kind.FLAG,
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        Kind.COUNT,
    ),
    **dict.fromkeys(
        (
            "title",
            "description",
            "default",
            "example",
            "externalDocs",
            "xml",
            "deprecated",
            "readOnly",
            "writeOnly",
            "discriminator",
        ),
        Kind.ANNOTATION,
    ),
}

KEYWORDS_3_0 = {
    **_COMMON,
    "exclusiveMinimum": Kind.EXCLUSIVE,
    "exclusiveMaximum": Kind.EXCLUSIVE,
    "nullable": Kind.ANNOTATION,
}

KEYWORDS_3_1 = {
    **_COMMON,
    "$ref": Kind.REF,
    "$dynamicRef": Kind.DYNAMIC_REF,
    "$anchor": Kind.ANCHOR,
    "$dynamicAnchor": Kind.DYNAMIC_ANCHOR,
    "$defs": Kind.DEFINITIONS,
    "const": Kind.VALUE,
    "exclusiveMinimum": Kind.NUMBER,
    "exclusiveMaximum": Kind.NUMBER,
    "minContains": Kind.COUNT,
    "maxContains": Kind.COUNT,
    "dependentRequired": Kind.TEXT_LISTS,
    "dependentSchemas": Kind.IN_PLACE_MAP,
    "patternProperties": Kind.PATTERNS,
    "prefixItems": Kind.SCHEMA_LIST,
    "contains": Kind.SCHEMA,
    "propertyNames": Kind.SCHEMA,
    "unevaluatedItems": Kind.SCHEMA,
    "unevaluatedProperties": Kind.SCHEMA,
    "if": Kind.IN_PLACE,
    "then": Kind.IN_PLACE,
    "else": Kind.IN_PLACE,
    **dict.fromkeys(
        (
            "$id",
            "$schema",
            "$comment",
            "$vocabulary",
            "examples",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ),
        Kind.ANNOTATION,
    ),
}

# Keywords whose schemas look at the very value that the schema around them looks at.
IN_PLACE = ("not", "if", "then", "else")
IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")

STANDARD_DIALECT = "https://json-schema.org/draft/2020-12/schema"
OAS_DIALECTS = ("https://spec.openapis.org/oas/3.1/dialect/", "https://spec.openapis.org/oas/3.2/dialect/")
METASCHEMAS = "https://json-schema.org/draft/2020-12/"

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
