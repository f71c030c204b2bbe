"""The id of a source or series that is gone is given to no other: revisions and undoings go by it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = ("source", "series")


def upgrade() -> None:
    _make_anew(sqlite_autoincrement=True)


def downgrade() -> None:
    _make_anew()


def _make_anew(**options: bool) -> None:
    """Make the tables anew on SQLite, with all their rows; PostgreSQL gives no id out twice anyway."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in _TABLES:
        with op.batch_alter_table(table, recreate="always", table_kwargs=options):
            pass
