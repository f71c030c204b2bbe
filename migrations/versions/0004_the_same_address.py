"""The key by which two spellings of a link's address are the same, filled in for the entries there are."""

import sqlalchemy as sa
from alembic import op

from blog.domain.urls import canonical_url

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000
_entry = sa.table("entry", sa.column("id"), sa.column("url"), sa.column("canonical"))


def upgrade() -> None:
    # With a default of the database's own neither of the two writes every row anew.
    op.add_column("entry", sa.Column("canonical", sa.Text(), nullable=False, server_default=""))
    _fill(op.get_bind())
    op.create_index("ix_entry_canonical", "entry", ["canonical"])


def _fill(connection: sa.Connection) -> None:
    links = sa.select(_entry.c.id, _entry.c.url).where(_entry.c.url != "").order_by(_entry.c.id).limit(_AT_ONCE)
    key = sa.update(_entry).where(_entry.c.id == sa.bindparam("entry")).values(canonical=sa.bindparam("key"))
    last = 0
    while rows := connection.execute(links.where(_entry.c.id > last)).all():
        connection.execute(key, [{"entry": row.id, "key": canonical_url(row.url)} for row in rows])
        last = rows[-1].id


def downgrade() -> None:
    op.drop_index("ix_entry_canonical", table_name="entry")
    op.drop_column("entry", "canonical")
