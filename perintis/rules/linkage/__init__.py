"""Linking records of the same persons: standard forms, comparison levels, clusters, measures. Pure; Splink is a door."""
