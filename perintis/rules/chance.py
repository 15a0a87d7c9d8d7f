"""Says a probability so that nobody has to know what a p-value is."""

from __future__ import annotations


def in_draws(p: float) -> str:
    """How often something would come about: "34%", "1.2%", and "<0.1%" for what is rarer than one in a thousand."""
    if p < 0.001:
        return "<0.1%"
    return f"{p:.0%}" if round(p, 3) >= 0.1 else f"{p:.1%}"
