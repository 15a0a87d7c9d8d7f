"""What was promised, as values with their references. A number without a source says that it is an assumption."""

from __future__ import annotations

from datetime import timedelta

from perintis import Sla, working

AGREEMENT_OF_REGISTERS = Sla(working(days=15), "draft agreement art. 4; the length is an assumption")
"""From the delivery of an extract until every agency has adopted what it changed."""

CORRECTION = Sla(timedelta(days=30), "draft agreement art. 6; the length is an assumption")
"""How long an agency has for correcting an extract that came back, before it lapses."""

COURIER = Sla(working(days=2), "assumption: how long a list is on its way from one agency to the next")
