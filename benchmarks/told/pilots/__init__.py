"""The pilot of twelve steps again, but each is another agency's: what is asked and answered is disclosed."""

from __future__ import annotations

from pydantic import BaseModel

from perintis import Agency, Pilot

COUNTER, REGISTER = Agency("counter", "Counter"), Agency("register", "Register")


class Application(BaseModel):
    reference: str
    name: str


class Decision(BaseModel):
    outcome: str = "granted"


PILOT = Pilot(
    name="told", title="Twelve steps of another agency", version="1", lead=COUNTER, agencies=(COUNTER, REGISTER),
    application=Application, decision=Decision, office=None,
)  # fmt: skip
ALL = (PILOT,)
