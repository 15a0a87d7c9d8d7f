"""The rules: pure functions of what was recorded. No file, no database, no clock."""
