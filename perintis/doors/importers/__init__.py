"""Importers: logs and extracts of many formats to the two analysis tables.

A new format is one reader that yields whole cases and their events as frames with the columns that
`perintis.doors.importers.cases.TableBuilder` names; everything after that is shared.
"""
