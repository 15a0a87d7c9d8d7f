"""Amounts of a metric in words and figures: levels, differences with their intervals, in the metric's unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.faces.report.figures import SHARE, digits_at, places_for
from perintis.rules.evaluation.panels import MoneyPanel
from perintis.rules.evaluation.parts import Between, Figure, MetricResult
from perintis.rules.suppression import THRESHOLD, Withheld

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.parts import Cohorts, Told

MONEY = "currency of the pilot"


@dataclass(frozen=True)
class Amounts:
    """Writes amounts of one unit in one language, all with the same decimals; `currency` where the unit is money."""

    language: Language
    unit: str
    places: int
    currency: str | None = None

    @property
    def factor(self) -> float:
        """Shares are written in per cent."""
        return 100.0 if self.unit == SHARE else 1.0

    def number(self, value: float, *, signed: bool = False) -> str:
        """The bare number."""
        return self.language.numbers.plain(self.factor * value, self.places, signed=signed)

    def level(self, value: float) -> str:
        """A value of a cohort: `25.1 days`, `74%`, `Rp 369.000`."""
        if self.unit == SHARE:
            return f"{self.number(value)}%"
        return self._with_unit(value)

    def size(self, value: float) -> str:
        """The size of a change: `4.0 days`, `19 percentage points`."""
        if self.unit == SHARE:
            return f"{self.number(abs(value))} {self.language.t('percentage points')}"
        return self._with_unit(abs(value))

    def change(self, value: float) -> str:
        """A signed change without its unit."""
        return self.number(value, signed=True)

    def between(self, interval: Between | None, *, signed: bool = True) -> str:
        """An interval without its unit: `-6.1 to -1.9`; an open end is told in words."""
        if interval is None:
            return self.language.t("no interval")
        open_end = self.language.t("no limit")
        ends = [open_end if v is None else self.number(v, signed=signed) for v in (interval.low, interval.high)]
        return self.language.t("{low} to {high}", low=ends[0], high=ends[1])

    def figure(self, figure: Figure) -> str:
        """A signed change with its interval in brackets."""
        return f"{self.change(figure.value)} ({self.between(figure.interval)})"

    @property
    def word(self) -> str:
        """The unit of changes, for the name of an axis or column."""
        if self.unit == SHARE:
            return self.language.t("percentage points")
        if self.unit == MONEY:
            return self.currency_sign or self.language.t("currency of the pilot")
        return self.language.name(self.unit)

    @property
    def currency_sign(self) -> str | None:
        """`Rp` or `IDR`; None where the currency is not known."""
        if self.currency is None:
            return None
        return self.language.numbers.money(0, self.currency).split("\u00a0")[0]

    def _with_unit(self, value: float) -> str:
        if self.unit == MONEY:
            if self.currency is None:
                return self.number(value)
            return self.language.numbers.money(value, self.currency, self.places)
        word = self.language.name(self.unit)
        number = self.number(value)
        if self.language.code == "en" and number == "1" and word.endswith("s"):
            word = word[:-1]
        return f"{number} {word}"


def amounts(
    values: Iterable[float | None], unit: str, language: Language, currency: str | None = None
) -> Amounts:  # fmt: skip
    """For these values together: two significant digits of the largest, more where two would read the same."""
    factor = 100.0 if unit == SHARE else 1.0
    return Amounts(language, unit, places_for([factor * v for v in values if v is not None]), currency)


def of_many(values: Iterable[float | None], unit: str, language: Language) -> Amounts:
    """For many values under one another: three significant digits of the largest."""
    factor = 100.0 if unit == SHARE else 1.0
    largest = max((abs(factor * v) for v in values if v is not None), default=0.0)
    return Amounts(language, unit, digits_at(largest, 3) if largest else 0)


def of_figures(figures: Iterable[Figure | None], unit: str, language: Language) -> Amounts:
    """For figures under one another: two significant digits of the widest interval, at most three of the largest."""
    given = [ends_of(f) for f in figures if f is not None]
    factor = 100.0 if unit == SHARE else 1.0
    known = [[factor * v for v in ends if v is not None] for ends in given]
    largest = max((abs(v) for ends in known for v in ends), default=0.0)
    width = max((max(ends) - min(ends) for ends in known), default=0.0) / 2
    if largest == 0:
        return Amounts(language, unit, 0)
    most = digits_at(largest, 3)
    return Amounts(language, unit, min(digits_at(width, 2), most) if width else most)


def ends_of(figure: Figure | None) -> tuple[float | None, ...]:
    """The point and the ends."""
    if figure is None:
        return ()
    return (figure.value,) if figure.interval is None else (figure.value, figure.interval.low, figure.interval.high)


def of_metric(metric: MetricResult, language: Language, evaluation: Evaluation) -> Amounts:
    """For a metric's change and the values of both cohorts."""
    values = (metric.estimate, metric.interval.low, metric.interval.high)
    found = amounts(values, metric.unit, language, currency_of(evaluation))
    if any(values):
        return found
    return amounts((metric.baseline, metric.pilot), metric.unit, language, currency_of(evaluation))


def currency_of(evaluation: Evaluation) -> str | None:
    """The currency of the pilot, where costs were measured."""
    money = evaluation.panels.money
    return money.currency if isinstance(money, MoneyPanel) else None


def counts(language: Language, values: Iterable[float]) -> tuple[str, ...]:
    """Whole numbers."""
    return tuple(language.numbers.count(v) for v in values)


def told(language: Language, count: Told) -> str:
    """A count, or that it is small or kept back with a small one."""
    if isinstance(count, Withheld):
        few = count is Withheld.FEW
        return language.t("fewer than {n}", n=THRESHOLD) if few else language.t("not published")
    return language.numbers.count(count)


def both(language: Language, cases: Cohorts | None) -> str:
    """How many cases of the baseline and of the pilot: `1,700 + 1,670`."""
    if cases is None:
        return language.t("not published")
    before, after = counts(language, (cases.baseline, cases.pilot))
    return f"{before} + {after}"
