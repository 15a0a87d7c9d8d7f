"""Drives cases: steps, replay, waves, timers, and the same in virtual time. Knows no database and no Prefect."""
