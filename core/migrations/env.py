"""Read by Alembic. The connection and its transaction belong to core.migrations.runner."""

from __future__ import annotations

from alembic import context

from core.migrations.comparing import comparison

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    **comparison(context.config.attributes.get("plugin")),
)
context.run_migrations()
