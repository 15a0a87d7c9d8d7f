"""The metadata of a registry's fields by the four principles of Satu Data Indonesia (Perpres 39/2019, art. 3)."""

from __future__ import annotations

from typing import NamedTuple

from perintis.rules.registry.settings import RegistrySettings


class FieldMetadata(NamedTuple):
    """One field: data standard, metadata, interoperability, reference codes, and which agencies deliver it."""

    field: str
    standard: str
    metadata: str
    interoperability: str
    reference_codes: str
    delivered_by: str


def metadata_of(settings: RegistrySettings) -> list[FieldMetadata]:
    """A line a field, in the order of the settings."""
    lines = []
    for name, field in settings.fields.items():
        agencies = [agency for agency, source in settings.sources.items()
                    if source.column_of(name) is not None or name in source.constant]  # fmt: skip
        lines.append(
            FieldMetadata(
                name,
                f"{field.concept}; classification: {field.classification}; unit: {field.unit}",
                field.definition,
                field.exchanged_as,
                "none" if field.codes is None else f"{field.codes}: {', '.join(settings.codes[field.codes])}",
                ", ".join(agencies),
            )
        )
    return lines
