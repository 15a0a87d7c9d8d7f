"""The verdict: gates that evidence must pass, and the rule that was fixed beforehand. Pure."""
