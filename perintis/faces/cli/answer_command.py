"""`perintis answer`: answers one work item from a file, from options or by asking, and moves its case on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import ask, is_interactive, note, print_json, say, value_words
from perintis.faces.moments import moment
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.recorded import WorkKind, WorkStatus

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.doors.store.workrows import WorkRecord
    from perintis.engine.definition import Definition
    from perintis.engine.steps import Step
    from perintis.faces.forms import Field
    from perintis.words.recorded import Process


def command(
    work: Annotated[int, typer.Argument(help="The number of the work item, as `perintis inbox` lists it.")],
    file: Annotated[Path | None, typer.Argument(help="The answer as JSON; - for standard input.")] = None,
    officer: Annotated[str | None, typer.Option(help="Who answers.")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", help="One field: --set fit=yes. May be repeated.")] = None,
    send_back: Annotated[str | None, typer.Option(help="Return the work with this reason.")] = None,
    advance: Annotated[bool, typer.Option("--advance/--no-advance", help="Move the case on afterwards.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answer one work item and move its case on.

    Without FILE and --set, asks for each field; it then shows the fields of the request that this step may see, and
    nothing else of the case.
    """
    if sum((file is not None, bool(given), send_back is not None)) > 1:
        raise BadInput("give the answer in one way only: a file, --set, or --send-back")
    here = Here()
    from perintis.doors.asked import find_item

    with here.database() as database:
        record, pilot, process = find_item(database, work)
        may_be_answered(here, record, pilot)
        definition = here.definition(pilot)
        step = definition.step(record.key.step)
        if send_back is not None:
            _send_back(database, record, step, send_back, officer)
        else:
            _complete(database, definition, process, record, step, file, given, officer)
        if advance:
            from perintis.faces.cli.moving import move_one

            move_one(here, database, definition, record.case, process)
    _tell(here, record, sent_back=send_back is not None, advanced=advance, as_json=as_json)


def _send_back(database: Database, record: WorkRecord, step: Step[Any], reason: str, officer: str | None) -> None:
    from perintis.doors.store.answering import send_back_work

    if not step.may_send_back:
        raise BadInput(f"{step.name} cannot be sent back; answer it with its fields")
    send_back_work(database, record.id, reason, officer=officer, now=now())


def _complete(
    database: Database, definition: Definition, process: Process, record: WorkRecord, step: Step[Any],
    file: Path | None, given: list[str] | None, officer: str | None,
) -> None:  # fmt: skip
    from perintis.doors.answered import answer_work, check_answer
    from perintis.faces.forms import check_values, read_values

    begun = now()
    check_answer(database, definition, record, begun)
    if file is not None:
        result = check_values(step, _from_file(file, step))
    elif given:
        result = check_values(step, read_values(step, _from_options(given)))
    else:
        result = _from_prompts(database, definition, process, record, step)
    started = None if file or given else begun
    answer_work(database, definition, record, result, officer=officer, now=now(), started=started)


def may_be_answered(here: Here, record: WorkRecord, pilot: str) -> None:
    """Nobody should fill in a form that is then refused; the store refuses a second answer by itself."""
    if record.kind is WorkKind.TIMER:
        raise NotAllowed(f"work item {record.id} waits for a date and for nobody's answer")
    if record.completed is not None:
        what = "answered" if record.status is WorkStatus.COMPLETED else record.status.value.replace("_", " ")
        when = moment(record.completed, now(), here.offices().zone(pilot))
        raise NotAllowed(f"work item {record.id} was already {what}, {when}; nothing was changed")


def _from_file(file: Path, step: Step[Any]) -> dict[str, object]:
    from perintis.faces.forms import WHOLE, form_of

    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8-sig")
        document = json.loads(text)
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read ({error.strerror})") from None
    except ValueError:
        raise BadInput(f"{file.name} is not JSON in UTF-8; write the fields of the answer as {{...}}") from None
    if form_of(step)[0].name == WHOLE:
        return {WHOLE: document}
    if not isinstance(document, dict):
        raise BadInput(f"{file.name} is not one answer; write its fields as {{...}}")
    return document


def _from_options(given: list[str]) -> dict[str, str]:
    values = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        if not equals:
            raise BadInput("--set takes a field and its value: --set fit=yes")
        if name.strip() in values:
            raise BadInput(f"{name.strip()} is given twice; give each field once")
        values[name.strip()] = text
    return values


def _from_prompts(
    database: Database, definition: Definition, process: Process, record: WorkRecord, step: Step[Any]
) -> str:
    """Show the request, then ask for each field until its value is right, and for all until they fit together."""
    from perintis.doors.asked import read_asked
    from perintis.faces.forms import check_values, form_of

    if not is_interactive():
        fields = ", ".join(field.name for field in form_of(step))
        raise BadInput(f"nobody can be asked here; give a JSON file or --set for the fields {fields}")
    asked = read_asked(database, definition, process, record, now())
    say(f"{step.title}. Case {asked.reference}.")
    shown = asked.request.model_dump(mode="json")
    width = max((len(name) for name in shown), default=0)
    for name, value in shown.items():
        say(f"  {name:<{width}}  {value_words(value)}")
    if step.may_send_back:
        say(f"If it cannot be done so: `perintis answer {record.id} --send-back REASON`.")
    say()
    while True:
        answers = {field.name: _ask_field(step, field) for field in form_of(step)}
        try:
            return check_values(step, {name: value for name, value in answers.items() if value is not None})
        except BadInput as error:
            note(f"  {error}")


def _ask_field(step: Step[Any], field: Field) -> object | None:
    """Ask for one field; an empty answer leaves an optional one out."""
    from perintis.faces.forms import check_one

    choices = list(field.choices)
    numbered = len(choices) > 2 and not any(choice.isdigit() for choice in choices)
    if numbered:
        for number, choice in enumerate(choices, start=1):
            say(f"  {number} {choice}")

    def read(text: str) -> object | None:
        if not text.strip() and not field.required:
            return None
        if text.strip().isdigit() and numbered and 1 <= int(text) <= len(choices):
            text = choices[int(text) - 1]
        return check_one(step, field, text)

    hint = f" ({' / '.join(choices)})" if choices and not numbered else " (parted by ;)" if field.is_list else ""
    optional = "" if field.required or field.default else ", or nothing"
    about = f"{field.help}: " if field.help else ""
    answered: object | None = ask(
        f"{about}{field.name}{hint}{optional}", read, default=field.default or (None if field.required else "")
    )
    return answered


def _tell(here: Here, record: WorkRecord, *, sent_back: bool, advanced: bool, as_json: bool) -> None:
    """What happens to the case next."""
    from perintis.doors.store.queries import find_case
    from perintis.faces.cli.case_command import next_words
    from perintis.faces.cli.status_command import case_json

    at = now()
    with here.reader() as reader:
        case = find_case(reader, str(record.case), by_number=True)
    if as_json:
        print_json({"work": record.id, "answer": "sent_back" if sent_back else "completed", **case_json(case, at)})
        return
    done = "sent back" if sent_back else "recorded"
    say(f"{record.key.step} of case {case.reference} is {done}.")
    if not advanced:
        say(f"The case was not moved on; `perintis run {case.pilot}` does it.")
        return
    for line in next_words(case, here.offices(), at):
        say(line)
