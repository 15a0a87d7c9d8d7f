"""The registry on disk: the agencies' extracts, the tables with their history, the agencies' views."""
