"""The agreement between the agencies: its model, and the one rule that says what it allows."""

from perintis.rules.agreement.fields import answered_fields, shown_fields
from perintis.rules.agreement.model import MARKS, Agreement, OpenCases, read_agreement
from perintis.rules.agreement.parts import Term
from perintis.rules.agreement.permission import Disclosure, Refusal, check_step, may_disclose
from perintis.rules.agreement.validity import warnings, why_no_new_case, why_trial_only

__all__ = [
    "MARKS",
    "Agreement",
    "Disclosure",
    "OpenCases",
    "Refusal",
    "Term",
    "answered_fields",
    "check_step",
    "may_disclose",
    "read_agreement",
    "shown_fields",
    "warnings",
    "why_no_new_case",
    "why_trial_only",
]
