"""One entry for the same link from several sources; conflicts, and what vanished at its source."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _leads(table: str, column: str, there: str, *, falls: bool = True) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{there}")
    return sa.ForeignKeyConstraint([column], [f"{there}.id"], name=name, ondelete="CASCADE" if falls else None)


def _key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "appearance",
        _id(),
        _number("entry_id"),
        _number("source_id", nullable=True),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("upstream", sa.JSON(), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("added", sa.JSON(), nullable=False),
        _time("first_seen"),
        _leads("appearance", "entry_id", "entry"),
        _leads("appearance", "source_id", "source", falls=False),
        _key("appearance"),
        sa.UniqueConstraint("source_id", "external_id", name=op.f("uq_appearance_source_id_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_appearance_entry_id", "appearance", ["entry_id"])
    op.create_index("ix_appearance_external_id", "appearance", ["external_id"])
    op.create_index(
        "uq_appearance_own_external_id",
        "appearance",
        ["external_id"],
        unique=True,
        sqlite_where=sa.text("source_id IS NULL"),
        postgresql_where=sa.text("source_id IS NULL"),
    )
    op.create_table(
        "taken_apart",
        _number("entry_id"),
        _leads("taken_apart", "entry_id", "entry"),
        _key("taken_apart", "entry_id"),
    )
    op.create_table(
        "moved_page",
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        _key("moved_page", "canonical"),
    )
    op.create_table(
        "conflict",
        _id(),
        _number("entry_id"),
        _number("source_id", nullable=True),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("theirs", sa.JSON(), nullable=False),
        _time("at"),
        _time("settled", nullable=True),
        sa.Column("how", sa.String(length=20), nullable=False),
        _leads("conflict", "entry_id", "entry"),
        _leads("conflict", "source_id", "source"),
        _key("conflict"),
    )
    op.create_index("ix_conflict_entry_id", "conflict", ["entry_id"])
    op.create_index("ix_conflict_settled", "conflict", ["settled"])
    op.create_table(
        "vanished",
        _id(),
        _number("entry_id"),
        _number("appearance_id", nullable=True),
        _time("at"),
        _number("run_id", nullable=True),
        _leads("vanished", "entry_id", "entry"),
        _leads("vanished", "appearance_id", "appearance"),
        _key("vanished"),
    )
    op.create_index("ix_vanished_entry_id", "vanished", ["entry_id"])
    op.create_table(
        "reading",
        _number("source_id"),
        sa.Column("items", sa.JSON(), nullable=False),
        _leads("reading", "source_id", "source"),
        _key("reading", "source_id"),
    )


def downgrade() -> None:
    for table in ("reading", "vanished", "conflict", "moved_page", "taken_apart", "appearance"):
        op.drop_table(table)
