"""For tests of one's own pilots: a pilot in memory, with a clock that the test moves."""

from perintis.faces.testing.trial import Trial, Waiting

__all__ = ["Trial", "Waiting"]
