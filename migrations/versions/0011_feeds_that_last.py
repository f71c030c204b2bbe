"""When entries got tags late, and what left which filters: feeds go by both."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LATE = sa.text("at IS NOT NULL")


def upgrade() -> None:
    op.add_column("entry_tag", sa.Column("at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_entry_tag_late",
        "entry_tag",
        ["entry_id", "tag_id"],
        sqlite_where=_LATE,
        postgresql_where=_LATE,
    )
    op.create_table(
        "departure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("atom_id", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("reach", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure")),
    )
    op.create_index("ix_departure_at", "departure", ["at"])
    op.create_index("ix_departure_reach_id", "departure", ["reach", "id"])


def downgrade() -> None:
    op.drop_index("ix_departure_reach_id", table_name="departure")
    op.drop_index("ix_departure_at", table_name="departure")
    op.drop_table("departure")
    op.drop_index("ix_entry_tag_late", table_name="entry_tag")
    # SQLite forbids dropping a column of a table without row ids no more than of another.
    op.drop_column("entry_tag", "at")
