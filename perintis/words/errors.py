"""Errors that a person reads: each message says what is wrong, where, and what to do.

Every error that Perintis raises on purpose derives from `PerintisError`; a face prints its message as one
sentence and no traceback. Messages never contain personal values, only names of fields, steps and rows.
"""

from __future__ import annotations


class PerintisError(Exception):
    """Something a person can put right; the message is the whole explanation."""


class BadInput(PerintisError):
    """A file, a row, a field or an option is not as it should be."""


class NotFound(PerintisError):
    """A named pilot, case, work item, baseline or agency does not exist here."""


class NotAllowed(PerintisError):
    """The thing asked for is against the state it is in, or against the agreement."""


class NotAgreed(NotAllowed):
    """The agreement does not allow a disclosure; nothing was sent. Its text begins with the code it is kept under."""

    code = "not-agreed"

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{self.code}: {sentence}")
        self.sentence = sentence


class DefinitionError(PerintisError):
    """A pilot, step or flow is not written as the library expects."""


class Diverged(PerintisError):
    """The process code no longer fits what was recorded of a case; nothing was overwritten."""


class LeaseLost(PerintisError):
    """Another worker has taken over the case since; what this worker wanted to record is refused."""


class AgencyUnavailable(PerintisError):
    """A whole batch could not be handed to an agency. Its cases stay ready and are tried again later."""


class SentBack(PerintisError):
    """Raised inside a process where an officer returned the work with a reason."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step} was sent back")
        self.step = step
        self.reason = reason


class BrokenHistory(PerintisError):
    """The events of a case do not fit together; the message names the event."""
