"""An index that holds all that the facets know of an entry, so that they are read without the bodies."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_entry_facets",
        "entry",
        ["id", "status", "published", "day", "kind", "source_id", "series_id", "domain"],
    )


def downgrade() -> None:
    op.drop_index("ix_entry_facets", table_name="entry")
