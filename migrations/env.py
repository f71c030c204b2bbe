"""Runs the migrations, on the connection handed over by ``blog.db.migrate`` or on one of its own."""

from alembic import context
from sqlalchemy import Connection

from blog import accounts, outreach  # noqa: F401  # their tables belong to the schema, too
from blog.db import migrating
from blog.models import Base

config = context.config


def run() -> None:
    connection = config.attributes.get("connection")
    if connection is not None:
        _run_on(connection)
        return
    with migrating(config.attributes["database_url"]) as own:
        _run_on(own)


def _run_on(connection: Connection) -> None:
    # Batch mode: SQLite cannot alter a column, so Alembic copies the table.
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True
    )
    context.run_migrations()


run()
