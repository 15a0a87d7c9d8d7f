"""Rehearsals: the same process code in virtual time, with simulated agencies. Nothing is read, sent or stored here."""
