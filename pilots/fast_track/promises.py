"""What was promised, as values with their references. A number without a source says that it is an assumption."""

from __future__ import annotations

from datetime import timedelta

from perintis import Sla, working

DECISION = Sla(working(days=7), "draft agreement art. 5")
"""From a case being opened to the decision. (Every office publishes such a time: UU 25/2009, art. 21.)"""

DOCUMENTS = Sla(timedelta(days=30), "draft agreement art. 7(1); the length is an assumption")
"""How long the applicant has for supplying what is missing, before the application lapses."""

PAYMENT = Sla(timedelta(days=14), "draft agreement art. 7(2); the length is an assumption")
"""How long the applicant has for paying, before the application lapses."""

COURIER = Sla(working(days=1), "assumption: how long a paper file is on its way from one agency to the next")

FEE = 1_500_000
"""Rupiah. An assumption: the tariff in force is set by government regulation on non-tax revenue and goes here."""
