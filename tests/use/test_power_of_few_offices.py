"""What `plan power` says of a pilot in a few offices."""

from __future__ import annotations

import pytest

from perintis.use.power import plan_power
from perintis.words.errors import BadInput
from tests.use.test_every_design import of


def test_a_pilot_in_a_few_offices_cannot_be_foreseen() -> None:
    """One sentence why: how alike the offices move is not in the plan."""
    with pytest.raises(BadInput, match="hangs on how alike the offices move"):
        plan_power(of("few_offices"), None, None, repetitions=10, seed=1)
