"""A pilot of twelve automatic steps that cost nothing themselves: what is left is the engine, the store and Prefect."""

from __future__ import annotations

from pydantic import BaseModel

from perintis import Agency, Pilot

REGISTRY = Agency("registry", "Registry")


class Application(BaseModel):
    reference: str
    name: str


class Decision(BaseModel):
    outcome: str = "granted"


PILOT = Pilot(
    name="twelve", title="Twelve steps", version="1", lead=REGISTRY, agencies=(REGISTRY,), application=Application,
    decision=Decision, office=None,
)  # fmt: skip
ALL = (PILOT,)
