"""Writes the report of an evaluation anew once people have decided, so that it shows the decision beside the verdict.

Only the page is written: `evaluation.json` and the bundle stay as they were computed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from perintis.rules.evaluation.document import read_evaluation
from perintis.use.evaluation.history import decided_on
from perintis.use.evaluation.keep import EVALUATION, REPORT, write_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from perintis.doors.store.database import Database
    from perintis.doors.store.judgements import JudgedEvaluation
    from perintis.rules.evaluation.document import Evaluation

HEAD = 2_000
LANGUAGE = re.compile(r'<html[^>]*\blang="?(\w+)')


def report_with_decision(
    database: Database, judged: JudgedEvaluation, page: Callable[[Evaluation, str], str]
) -> Path | None:  # fmt: skip
    """The report that now shows the last decision; None where the evaluation's files are no longer there.

    `page` draws an evaluation in a language, which is that of the report before. A decision on a rehearsal is in its
    report nowhere.
    """
    folder = Path(judged.folder or "")
    decision = None if judged.simulated else decided_on(database, judged.pilot, judged.version)
    if decision is None or not judged.folder or not (folder / REPORT).is_file():
        return None
    try:
        found = read_evaluation((folder / EVALUATION).read_bytes())
        with (folder / REPORT).open(encoding="utf-8") as stream:
            language = LANGUAGE.search(stream.read(HEAD))
    except (OSError, ValueError, ValidationError):
        return None
    if language is None or (found.pilot, found.phase.version) != (judged.pilot, judged.version):
        return None
    verdict = found.panels.verdict.model_copy(update={"decision": decision})
    shown = found.model_copy(update={"panels": found.panels.model_copy(update={"verdict": verdict})})
    return write_report(folder, page(shown, language[1]))
