"""The settings of a registry hold together, and those of the pilot say the four things that Satu Data asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from perintis.rules.registry.metadata import metadata_of
from perintis.rules.registry.settings import RegistrySettings, read_registry_settings
from perintis.words.errors import BadInput


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / "pilots" / "data_management" / "registry.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def settings(text: str) -> RegistrySettings:
    return read_registry_settings(text)


def test_every_field_has_standard_metadata_exchange_and_codes(settings: RegistrySettings) -> None:
    """Perpres 39/2019, art. 3: nothing is left blank; every field comes from an agency."""
    for line in metadata_of(settings):
        assert all(line), line.field


def test_every_surviving_field_has_a_reason(settings: RegistrySettings) -> None:
    """A rule without a reason could not be defended; the date of a record decides and does not survive."""
    rules = {rule.field: rule.reason for rule in settings.survivor_rules()}
    assert set(settings.fields) - set(rules) == {"recorded_on"}
    assert all(rules.values())


def test_the_civil_registry_is_unique_and_verified(settings: RegistrySettings) -> None:
    """No person gets two of its records or two of its numbers."""
    linkage = settings.linkage()
    assert linkage.unique_within == linkage.verified_in == {"dukcapil"}


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("{fills: province}", "{fills: regency}", "fills 'regency', which is no field"),
        ("{fills: province}", "{fills: nik}", "two columns fill 'nik'"),
        ("codes: provinces", "codes: regencies", "'regencies', which is not in `codes`"),
        ("      periode: {fills: period, required: true}\n", "", "no column fills 'period'"),
    ],
)
def test_settings_that_do_not_hold_together_are_refused(text: str, was: str, becomes: str, told: str) -> None:
    """The sentence says what does not fit."""
    assert was in text
    with pytest.raises(BadInput, match=told):
        read_registry_settings(text.replace(was, becomes, 1))
