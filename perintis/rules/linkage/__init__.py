"""Linking records of the same persons: standard forms, comparison levels, clusters, measures.

Pure: what computes probabilities (Splink on DuckDB) is in `perintis.doors.linkage`.
"""
