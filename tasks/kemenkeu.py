"""The Treasury collects the fee by billing code (SIMPONI). The fee is non-tax state revenue (UU 9/2018)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from agencies.indonesia import KEMENKEU
from perintis import Retry, Sla, exchange_step, human_step, step, working
from perintis.words.fields import PersonName
from perintis.words.identifiers import Reference
from tasks.connections import ask, drawn
from tasks.paper import Registered


class Bill(BaseModel):
    """What is to be paid, for which file; `fee` in whole rupiah. The payer is known to the bank, not to us."""

    reference: Reference
    fee: int


class BillingCode(BaseModel):
    """The code to pay with; `simulated` means that no bank knows it."""

    billing_code: str
    simulated: bool = False


class AwaitedPayment(BaseModel):
    """Which payment to report."""

    billing_code: str


class Payment(BaseModel):
    """The bank's receipt number (NTPN)."""

    receipt_number: str


class CounterBill(BaseModel):
    """What is written on the slip that the applicant brings."""

    reference: Reference
    full_name: PersonName
    fee: int


@step(KEMENKEU, within=Sla(working(hours=1), "draft agreement art. 6(6)"), retries=Retry(times=5))
def billing_code(bills: Sequence[Bill], *, keys: Sequence[str]) -> list[BillingCode]:
    """Ask the Treasury for a code to pay with.

    SIMULATED unless PERINTIS_KEMENKEU_URL is set: the code then begins with TRIAL.
    """
    return ask(KEMENKEU, "billing_code", bills, keys, BillingCode, _simulated_code)


def _simulated_code(_: Bill, key: str) -> BillingCode:
    return BillingCode(billing_code=f"TRIAL{drawn(key):010}", simulated=True)


@exchange_step(KEMENKEU)  # no service level: the time is the applicant's
def payment_notice(awaited: AwaitedPayment) -> Payment:
    """Tell us when the fee has been paid."""


@human_step(KEMENKEU, keyed=tuple(CounterBill.model_fields))
def register_at_counter(bill: CounterBill) -> Registered:
    """Take in the slip and type it into the billing system."""
