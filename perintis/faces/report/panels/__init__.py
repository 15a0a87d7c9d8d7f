"""The panels of the report, one module each or two that belong together: from the document to text, tables, charts."""
