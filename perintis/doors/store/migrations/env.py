"""How Alembic runs our migrations: always on a connection that `perintis.doors.store.upgrading` hands over."""

from __future__ import annotations

from alembic import context

import perintis.doors.registry.models  # its tables belong to the store too
import perintis.doors.store.models_disclosure  # its tables belong to the store too
import perintis.doors.store.models_evaluation
import perintis.doors.store.models_records
import perintis.doors.store.models_vault  # noqa: F401
from perintis.doors.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
