"""A reference registry that several agencies share: what is checked, what survives, what changed. Pure."""
