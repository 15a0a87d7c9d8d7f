"""Events, anchors and acts are only added: the database itself refuses to change or remove one.

Whoever may drop a trigger can still rewrite the history; that is what the chain and the anchor file are for. Events
without a hash are those of rehearsals, which may be thrown away, and of stores in clear, which the upgrade chains.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = ("events", "vault_acts", "anchors", "registry_versions", "registry_decisions", "registry_accesses")
_ONLY_IF = {"events": "WHEN (OLD.hash IS NOT NULL)"}


def upgrade() -> None:
    for table in APPEND_ONLY:
        for name, statement in _triggers(table, _ONLY_IF.get(table, "")):
            op.execute(f"CREATE TRIGGER {name} {statement}")


def _triggers(table: str, only_if: str) -> list[tuple[str, str]]:
    """Names and bodies; the function for PostgreSQL is that of migration 0002."""
    if op.get_bind().dialect.name == "postgresql":
        how = f"FOR EACH ROW {only_if} EXECUTE FUNCTION perintis_append_only()"
        return [(f"{table}_append_only", f"BEFORE UPDATE OR DELETE ON {table} {how}")]
    body = f"{only_if} BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
    return [(f"{table}_no_{what.lower()}", f"BEFORE {what} ON {table} {body}") for what in ("UPDATE", "DELETE")]


def downgrade() -> None:
    where = {"postgresql": " ON {table}"}.get(op.get_bind().dialect.name, "")
    for table in APPEND_ONLY:
        for name, _ in _triggers(table, ""):
            op.execute(f"DROP TRIGGER {name}{where.format(table=table)}")
