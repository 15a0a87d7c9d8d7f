"""Proposes which column of a table means what, from names and values, with the reason of each guess and its doubts.

What a person said (flags) stands and is not guessed again. Nothing is guessed where a wrong guess would go unseen: the
order of day and month is asked, or refused, unless a value settles it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from perintis.doors.importers.column_names import WITHIN, may_identify, name_score, words_of
from perintis.doors.importers.facts import Facts, Table
from perintis.doors.importers.head import Head
from perintis.doors.importers.mapping import Layout
from perintis.doors.importers.proposal import Guess, Pilot, Proposal
from perintis.doors.importers.written_dates import WrittenDates

DATE_ROLES = ("opened", "closed", "due", "start", "timestamp")
ROLES = {
    Layout.EVENTS: (
        "case", "activity", "lifecycle", "opened", "closed", "due", "start", "timestamp", "agency", "office",
        "officer", "cost", "outcome",
    ),
    Layout.CASES: ("case", "opened", "closed", "due", "office", "outcome"),
}  # fmt: skip
OF_CASE = ("opened", "closed", "due", "outcome")
"""Roles that say one thing of a whole case; in an event log the same in all its rows."""

MOST_ACTIVITIES = 100
MOST_GROUPS = 50
ALMOST_UNIQUE = 0.95


def propose(head: Head, said: Mapping[str, Any], pilot: Pilot, order: str | None = None) -> Proposal:
    """A mapping for a table. `said` are keys of a mapping that a person gave; `order` is "day" or "month", if asked."""
    return _Guesser(Table(head), said, pilot, order).proposal()


class _Guesser:
    def __init__(self, table: Table, said: Mapping[str, Any], pilot: Pilot, order: str | None) -> None:
        self._table = table
        self._said = said
        self._pilot = pilot
        self._order = order
        self._found: dict[str, Guess] = {}
        self._unsure: list[str] = []
        self._problems: list[str] = []

    def proposal(self) -> Proposal:
        self._take_said()
        case = self._case()
        layout, why = self._layout(case)
        self._by_name(layout, case)
        self._by_value(layout, case)
        self._check(layout)
        values, question = self._values(layout, case)
        guesses = sorted(self._found.values(), key=lambda guess: ROLES[layout].index(guess.role))
        left_out = tuple(self._left_out(values.get("attributes", [])))
        return Proposal(
            layout, why, tuple(guesses), left_out, tuple(self._unsure), question, tuple(self._problems), values
        )

    def _take_said(self) -> None:
        for role in ROLES[Layout.EVENTS]:
            column = self._said.get(role)
            column = column.get("column") if isinstance(column, dict) else column
            if isinstance(column, str) and column in self._table.facts:
                self._found[role] = Guess(role, column, "you said so")

    def _free(self) -> list[Facts]:
        taken = {guess.column for guess in self._found.values()}
        return [facts for column, facts in self._table.facts.items() if column not in taken and facts.filled]

    def _case(self) -> Facts | None:
        """The column with the case: by its name, else by values that are unique or repeat a few times."""
        if "case" not in self._found:
            free = [facts for facts in self._free() if facts.dates is None]
            named = max(free, key=lambda facts: name_score(facts.column, "case"), default=None)
            if named is not None and name_score(named.column, "case"):
                self._take("case", named, f"its name; {_counted(named)}", self._weak(named, "case"))
            else:
                wide = [f for f in free if not f.numbers and f.distinct > MOST_GROUPS and not may_identify(f.column)]
                if wide:
                    widest = max(wide, key=lambda facts: facts.distinct)
                    self._take("case", widest, f"its values: {_counted(widest)}", "its name does not say so")
        found = self._found.get("case")
        return None if found is None else self._table.facts[found.column]

    def _layout(self, case: Facts | None) -> tuple[Layout, str]:
        if "layout" in self._said:
            return Layout(self._said["layout"]), "you said so"
        if case is None:
            self._problems.append("no column looks like the case; name it with --case COLUMN")
            return Layout.EVENTS, "no case was found"
        each = case.filled / max(case.distinct, 1)
        if case.distinct == case.filled:
            return Layout.CASES, f"no value of {case.column!r} occurs twice"
        if case.distinct >= ALMOST_UNIQUE * case.filled and not any(
            name_score(f.column, "activity") for f in self._free()
        ):
            twice = case.filled - case.distinct
            self._unsure.append(
                f"{case.column!r} is the case, but {twice:,} of {case.filled:,} rows repeat an earlier one and will be"
                " rejected; a second column may belong to the case id (--set case=[A,B])"
            )
            return Layout.CASES, f"hardly any value of {case.column!r} occurs twice"
        return Layout.EVENTS, f"each of {case.distinct:,} values of {case.column!r} occurs {each:.1f} times on average"

    def _by_name(self, layout: Layout, case: Facts | None) -> None:
        """Give roles to columns, the clearest names first."""
        scored = [
            (name_score(facts.column, role), role, facts)
            for role in ROLES[layout]
            for facts in self._free()
            if name_score(facts.column, role) and self._suits(role, facts, layout, case)
        ]
        for _, role, facts in sorted(scored, key=lambda item: -item[0]):
            if role not in self._found and facts in self._free():
                self._take(role, facts, self._why_name(facts), self._weak(facts, role))

    def _suits(self, role: str, facts: Facts, layout: Layout, case: Facts | None) -> bool:
        """Whether the values of a column can mean that."""
        if role in DATE_ROLES:
            if facts.dates is None:
                return False
        elif facts.dates is not None or (role in ("cost", "activity") and (role == "cost") != facts.numbers):
            return False
        if layout is Layout.EVENTS and case is not None and role in OF_CASE:
            return facts.constant_within(case)
        if layout is Layout.EVENTS and case is not None and role in ("timestamp", "activity"):
            return not facts.constant_within(case)
        return True

    def _by_value(self, layout: Layout, case: Facts | None) -> None:
        """Find by values alone what a log cannot do without."""
        if layout is Layout.EVENTS and case is not None:
            varying = [facts for facts in self._free() if not facts.constant_within(case)]
            steps = [
                f for f in varying if f.dates is None and not f.numbers and f.repeats and f.distinct <= MOST_ACTIVITIES
            ]
            if "activity" not in self._found and steps:
                chosen = max(steps, key=lambda facts: facts.distinct)
                others = ", ".join(repr(f.column) for f in steps if f is not chosen)
                doubt = "its name does not say so" + (f"; {others} would do too" if others else "")
                self._take("activity", chosen, f"its values: {_counted(chosen)}, changing within a case", doubt)
            times = [facts for facts in varying if facts.dates is not None]
            self._one_date("timestamp", times, "it is the only date that changes within a case")
        elif layout is Layout.CASES:
            dates = [facts for facts in self._free() if facts.dates is not None]
            self._one_date("opened", dates, "it is the only date left")
            self._one_date("closed", [f for f in dates if f in self._free()], "it is the only date left")

    def _one_date(self, role: str, dates: Sequence[Facts], why: str) -> None:
        if role not in self._found and len(dates) == 1:
            self._take(role, dates[0], why, "its name does not say so")

    def _check(self, layout: Layout) -> None:
        """Say what is missing, and what follows from it."""
        needed = ("activity", "timestamp") if layout is Layout.EVENTS else ("opened",)
        for role in needed:
            if role not in self._found and not (role == "opened" and self._said.get("milestones")):
                self._problems.append(
                    f"no column looks like the {role}; name it with --{role} COLUMN{self._candidates(role)}"
                )
        if "closed" not in self._found and not self._said.get("closed"):
            self._unsure.append(
                "nothing says when a case is closed, so each counts as closed at its last event; if some are still"
                " open, name the closing steps: --set closed.activities=[STEP]"
                if layout is Layout.EVENTS
                else "no column says when a case is closed, so every case counts as open; name it with --closed COLUMN"
            )
        dates = [facts.column for facts in self._free() if facts.dates is not None]
        if layout is Layout.CASES and dates:
            self._unsure.append(
                f"dates in {_listed(dates)} are left out; if they end steps, say so: --set milestones.COLUMN=STEP"
            )
        for facts in self._free():
            if facts.month_names:
                self._unsure.append(
                    f"{facts.column!r} has months as words, which cannot be read; write dates like 2026-01-31"
                )

    def _candidates(self, role: str) -> str:
        if role not in DATE_ROLES:
            return ""
        dates = [facts.column for facts in self._free() if facts.dates is not None]
        return f" (dates are in {_listed(dates)})" if dates else " (no column holds dates that can be read)"

    def _values(self, layout: Layout, case: Facts | None) -> tuple[dict[str, Any], str | None]:
        """The keys of the mapping, and the question about its dates."""
        values: dict[str, Any] = {"layout": layout.value}
        values |= {guess.role: guess.column for guess in self._found.values()}
        question = self._dates(values)
        if layout is Layout.EVENTS:
            values |= self._pilots_words()
        attributes = [facts.column for facts in self._free() if self._is_attribute(facts, layout, case)]
        if attributes:
            values["attributes"] = attributes
        return values | dict(self._said), question

    def _dates(self, values: dict[str, Any]) -> str | None:
        """Put `date_format` and `timezone`; the question where only a person can tell the order of day and month."""
        used = {
            guess.column: dates
            for guess in self._found.values()
            if guess.role in DATE_ROLES and (dates := self._table.facts[guess.column].dates) is not None
        }
        if used and "timezone" not in self._said and not all(dates.offset for dates in used.values()):
            values["timezone"] = self._pilot.timezone
            self._unsure.append(
                f"times have no offset from UTC; taken as {self._pilot.timezone}, where the pilot's lead is"
            )
        for column, dates in used.items():
            if dates.others:
                self._unsure.append(f"{dates.others:,} different values of {column!r} are not dates of that form")
        if "date_format" in self._said:
            return None
        return self._order_of(
            {column: dates for column, dates in used.items() if dates.formats != {"": ""}}, used, values
        )

    def _order_of(
        self, written: dict[str, WrittenDates], used: dict[str, WrittenDates], values: dict[str, Any]
    ) -> str | None:
        if not written:
            return None
        orders = set.intersection(*(set(dates.formats) for dates in written.values()))
        if self._order in orders:
            orders = {str(self._order)}
        formats = {dates.formats[order] for order in orders for dates in written.values()}
        if (
            not orders
            or len(formats) > len(orders)
            or any(used[c].formats == {"": ""} and not self._typed(c) for c in used)
        ):
            self._problems.append(
                f"dates are written in different ways in {_listed(used)}; write them all like 2026-01-31 14:30"
            )
            return None
        if len(orders) > 1:
            column, dates = next(iter(written.items()))
            return (
                f"{dates.example} in {column!r}: does the day come first, or the month? No value of the first"
                f" {self._table.rows:,} rows settles it"
            )
        (chosen,) = formats
        values["date_format"] = chosen
        settled = next(((c, d.settled_by) for c, d in written.items() if d.settled_by), None)
        if settled is not None:
            first = "day" if chosen.startswith("%d") else "month"
            self._unsure.append(
                f"the {first} is taken to come first, for {settled[1]} in {settled[0]!r} fits no other order"
            )
        return None

    def _typed(self, column: str) -> bool:
        """Whether a workbook or a Parquet file holds these dates as dates."""
        texts = [value for value in self._table.facts[column].values if value is not None]
        return not self._table.head.name.lower().removesuffix(".gz").endswith(".csv") and all(
            "T" in text for text in texts
        )

    def _pilots_words(self) -> dict[str, Any]:
        """Activities and agencies of the file that are called as the pilot calls them."""
        found: dict[str, Any] = {}
        steps = {words_of(step.rpartition(".")[2]): step for step in self._pilot.steps}
        names = {words_of(name): code for code, name in self._pilot.agencies.items()}
        names |= {words_of(code): code for code in self._pilot.agencies}
        for role, key, known in (("activity", "steps", steps), ("agency", "agencies", names)):
            if role in self._found and key not in self._said:
                texts = {v for v in self._table.facts[self._found[role].column].values if v is not None}
                same = {text: known[words_of(text)] for text in sorted(texts) if words_of(text) in known}
                found |= {key: same} if same else {}
        return found

    def _is_attribute(self, facts: Facts, layout: Layout, case: Facts | None) -> bool:
        """Whether a column parts the cases into a few groups and says nothing of a person."""
        if may_identify(facts.column) or facts.dates is not None or facts.month_names:
            return False
        if case is None or not 1 < facts.distinct <= min(MOST_GROUPS, case.distinct / 2):
            return False
        return layout is Layout.CASES or facts.constant_within(case)

    def _left_out(self, attributes: Sequence[str]) -> Iterator[tuple[str, str]]:
        for column, facts in self._table.facts.items():
            if column in attributes or any(guess.column == column for guess in self._found.values()):
                continue
            if may_identify(column):
                yield column, "may identify a person"
            else:
                yield column, "no meaning found" if facts.filled else "empty"

    def _take(self, role: str, facts: Facts, why: str, unsure: str | None = None) -> None:
        self._found[role] = Guess(role, facts.column, why, unsure)

    def _why_name(self, facts: Facts) -> str:
        return f"its name; {'dates' if facts.dates is not None else _counted(facts)}"

    def _weak(self, facts: Facts, role: str) -> str | None:
        return None if name_score(facts.column, role) > WITHIN else f"its name only holds a word for {role}"


def _counted(facts: Facts) -> str:
    different = "1 value" if facts.distinct == 1 else f"{facts.distinct:,} different values"
    return f"{different} in {facts.filled:,} rows"


def _listed(columns: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(repr(column) for column in columns)
