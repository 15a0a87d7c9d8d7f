"""The result of an evaluation as a value: what `evaluation.json` holds and every page is drawn from. Pure."""
