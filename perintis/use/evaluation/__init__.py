"""Evaluates a pilot: reads, measures, compares and judges by the registered plan."""
