"""Hubs that tell of what is new at sources, and how often at most a source is asked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table(
        "hub_lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        _time("asked"),
        _time("until"),
        _time("due"),
        _time("last_push"),
        sa.Column("is_proven", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_hub_lease_subscription_id_subscription"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_lease")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_hub_lease_subscription_id")),
        sa.UniqueConstraint("token", name=op.f("uq_hub_lease_token")),
    )
    op.create_index("ix_hub_lease_due", "hub_lease", ["due"])
    least = sa.Column("least_interval", sa.Integer(), nullable=False, server_default="0")
    op.add_column("subscription", least)


def downgrade() -> None:
    op.drop_column("subscription", "least_interval")
    op.drop_index("ix_hub_lease_due", table_name="hub_lease")
    op.drop_table("hub_lease")
