"""Whether a data set speaks of the same steps as a pilot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.words.recorded import CASE_STEP, TIMER_STEP

if TYPE_CHECKING:
    from perintis.words.tables import DataSet

NO_WORK = frozenset({CASE_STEP, TIMER_STEP})
"""What stands among the steps without being one: the case itself, and waiting for a date."""


@dataclass(frozen=True)
class SharedSteps:
    """Steps that both have, those of the pilot alone (`only_here`) and those of the data set alone (`only_there`)."""

    shared: tuple[str, ...]
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]

    @property
    def none_shared(self) -> bool:
        """Whether the data set has steps and not one of them is the pilot's: another process, or not yet mapped."""
        return bool(self.only_there) and not self.shared


def shared_steps(pilot_steps: Iterable[str], data: DataSet) -> SharedSteps:
    """Hold the steps of a pilot against those that occur in a data set, or are promised in it; each in order of name.

    A case-level extract has no steps: then nothing is shared and nothing is `only_there`.
    """
    names = {str(step) for step in data.steps["step"].unique()}
    if data.standard is not None:
        names |= {promise.step for promise in data.standard.promises if promise.step is not None}
    return shared_names(pilot_steps, names)


def shared_names(pilot_steps: Iterable[str], names: Iterable[str]) -> SharedSteps:
    """The same where the names of the data set's steps are known already."""
    here, there = set(pilot_steps) - NO_WORK, set(names) - NO_WORK
    return SharedSteps(tuple(sorted(here & there)), tuple(sorted(here - there)), tuple(sorted(there - here)))
