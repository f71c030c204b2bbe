"""Sources that are polled: their feeds, what becomes of their items, and how polling them goes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        _time("created"),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("in_feed", sa.Integer(), nullable=False),
        _time("next_poll"),
        sa.Column("lease", sa.String(length=40), nullable=False),
        _time("leased_until", nullable=True),
        _time("last_polled", nullable=True),
        _time("last_success", nullable=True),
        _time("last_changed", nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Text(), nullable=False),
        sa.Column("moved_from", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
            name=op.f("fk_subscription_source_id_source"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("feed_url", name=op.f("uq_subscription_feed_url")),
        sa.UniqueConstraint("source_id", name=op.f("uq_subscription_source_id")),
    )
    op.create_index("ix_subscription_next_poll", "subscription", ["next_poll"])


def downgrade() -> None:
    op.drop_index("ix_subscription_next_poll", table_name="subscription")
    op.drop_table("subscription")
