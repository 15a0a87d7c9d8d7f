"""The store: SQLite by default, PostgreSQL when shared."""
