"""Who reads the feeds, and whom the blog tells of what is new."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    _create_counts()
    _create_queues()
    _create_mentions()


def _create_counts() -> None:
    op.create_table(
        "feed_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("seen", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("day", "address", name=op.f("pk_feed_count")),
    )
    op.create_table(
        "feed_salt",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_feed_salt")),
    )


def _create_queues() -> None:
    op.create_table(
        "follower",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _time("since"),
        _time("told"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_follower")),
    )
    op.create_table(
        "hub_ping",
        *_text("address"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("due"),
        sa.Column("lease", sa.String(length=40), nullable=False),
        *_text("note"),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_hub_ping")),
    )
    op.create_index(op.f("ix_hub_ping_due"), "hub_ping", ["due"])
    op.create_table(
        "sent_mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        *_text("source", "target"),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        *_text("endpoint", "note"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("due"),
        _time("at", nullable=True),
        sa.Column("lease", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_mention")),
        sa.UniqueConstraint("entry_id", "target", name=op.f("uq_sent_mention_entry_id_target")),
    )
    op.create_index("ix_sent_mention_state_due", "sent_mention", ["state", "due"])


def _create_mentions() -> None:
    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        *_text("source", "target"),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        *_text("author_name", "author_url", "text"),
        _time("published", nullable=True),
        _time("received"),
        _time("verified", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("due"),
        sa.Column("lease", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_mention_entry_id_entry"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
        sa.UniqueConstraint("entry_id", "source", name=op.f("uq_mention_entry_id_source")),
    )
    op.create_index("ix_mention_state_received", "mention", ["state", "received"])
    op.create_index("ix_mention_due", "mention", ["due"])
    op.create_table(
        "mention_host",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_mention_host")),
    )


def downgrade() -> None:
    op.drop_table("mention_host")
    op.drop_table("mention")
    op.drop_table("sent_mention")
    op.drop_table("hub_ping")
    op.drop_table("follower")
    op.drop_table("feed_salt")
    op.drop_table("feed_count")
