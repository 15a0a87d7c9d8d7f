"""`perintis harm`: what the daily harm monitor saw, and what people said to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import paragraph, print_json, say
from perintis.faces.moments import exactly, zone_name
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    from datetime import tzinfo

    from perintis.doors.store.harm_trips import HarmAnswer, HarmTrip


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    answer: Annotated[int | None, typer.Option(help="The number of the trip to answer.")] = None,
    by: Annotated[str | None, typer.Option(help="Who answers: a role.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    resume: Annotated[
        bool | None, typer.Option("--resume/--stop", help="Open new cases again, or no more of this pilot.")
    ] = None,
    confirmed_by: Annotated[
        str | None, typer.Option("--confirmed-by", help="A second person, where an earlier --stop is taken back.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the trips of the harm monitor, or answer one.

    While a trip waits for its answer the pilot opens no new cases; open ones go on. --resume lets new cases in
    again, --stop does not. A later answer takes the place of an earlier one, and both stand in the history; to take a
    --stop back needs a second person.
    """
    from perintis.doors.store.harm_trips import answer_trip, harm_trips, trip_facts

    here = Here()
    given = None if answer is None else _checked(by, reason, resume)
    if given is None and (by, reason, resume, confirmed_by) != (None, None, None, None):
        raise BadInput("say which trip is answered with --answer N; `perintis harm PILOT` lists them")
    with here.database() as database:
        if given is not None and answer is not None:
            if answer not in {trip.number for trip in harm_trips(database, pilot)}:
                raise NotFound(f"there is no harm trip {answer} of {pilot}; `perintis harm {pilot}` lists them")
            who, why, go_on = given
            second = (confirmed_by or "").strip() or None
            answer_trip(database, answer, by=who, reason=why, resume=go_on, at=now(), confirmed_by=second)
        trips = harm_trips(database, pilot)
    if not trips:
        here.pilot(pilot)  # a slip in the name must not look like a pilot that does no harm
    if as_json:
        print_json([trip_facts(trip) for trip in trips])
        return
    for line in _lines(pilot, trips, here.offices().zone(pilot)):
        say(line)


def _checked(by: str | None, reason: str | None, resume: bool | None) -> tuple[str, str, bool]:
    if by is None or not by.strip():
        raise BadInput("say who answers with --by")
    if reason is None or not reason.strip():
        raise BadInput("say why with --reason")
    if resume is None:
        raise BadInput("say what follows: --resume opens new cases again, --stop opens no more of this pilot")
    return by.strip(), reason.strip(), resume


def _lines(pilot: str, trips: list[HarmTrip], zone: tzinfo | None) -> Iterator[str]:
    if not trips:
        yield f"The harm monitor has seen nothing of {pilot}; every evaluation of real cases asks it."
        return
    for trip in trips:
        yield f"{trip.number}  {exactly(trip.at, zone)}  {trip.metric}"
        yield paragraph(f"   {trip.sentence}.", hanging="   ")
        for words in [_answer_words(answer, zone) for answer in trip.answers] or ["Nobody has answered."]:
            yield paragraph(f"   {words}", hanging="   ")
    if all(not trip.pauses for trip in trips):
        state = "New cases are opened."
    elif stopped := [trip for trip in trips if trip.pauses and trip.answer]:
        back = (
            f"`perintis harm {pilot} --answer {stopped[0].number} --by ROLE --reason WHY --resume --confirmed-by OTHER`"
        )
        state = f"No new cases are opened; open ones go on. {back} would take that back."
    else:
        waiting = next(trip for trip in trips if trip.pauses)
        answer = f"`perintis harm {pilot} --answer {waiting.number} --by ROLE --reason WHY --resume` (or --stop)"
        state = f"No new cases are opened until {answer}; open ones go on."
    yield paragraph(f"{state} Times are {zone_name(zone, now())}.")


def _answer_words(answer: HarmAnswer, zone: tzinfo | None) -> str:
    word = "Resume" if answer.resume else "Stop"
    second = f" (confirmed by {answer.confirmed_by})" if answer.confirmed_by else ""
    return f"{word}, said {answer.by} on {exactly(answer.at, zone)}{second}: {answer.reason}"
