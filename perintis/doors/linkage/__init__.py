"""Linking with Splink on DuckDB. Importing it takes about a second, so only what links imports it."""
