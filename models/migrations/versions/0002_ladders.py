"""Targets with ladders on step clocks, pauses, calendars kept as they were, and pings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = "state = 'ready' AND card_id IS NOT NULL AND kind IN ({kinds})"
_TWO, _THREE = _WAITING.format(kinds="'card', 'approval'"), _WAITING.format(kinds="'card', 'approval', 'ping'")


def _waiting_card_index(condition: str) -> None:
    op.drop_index("effect_waiting_card", "effect")
    op.create_index(
        "effect_waiting_card",
        "effect",
        ["card_id"],
        unique=True,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )


def upgrade() -> None:
    op.create_table(
        "calendar_snapshot",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.add_column("cases", sa.Column("pause_reason", sa.String(), nullable=True))
    for column in (
        sa.Column("calendar", sa.String(), nullable=True),
        sa.Column("target_seconds", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("rungs_passed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("acknowledged_rung", sa.Integer(), nullable=True),
        sa.Column("muted_by", sa.String(), nullable=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("step_clock", column)
    op.create_index(
        "step_clock_next",
        "step_clock",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
        sqlite_where=sa.text("next_at IS NOT NULL"),
    )
    _waiting_card_index(_THREE)
    op.create_table(
        "ping",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("clock_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["clock_id"], ["step_clock.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clock_id", "rung", "repeat"),
    )
    op.create_index("ping_case", "ping", ["case_id"], unique=False)
    op.create_table(
        "gathering",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("effect_id", sa.String(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["effect_id"], ["effect.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gathering_channel", "gathering", ["channel", "kind", "subject"], unique=False)
    op.create_table(
        "announcement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ping_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("gathering_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["gathering_id"], ["gathering.id"]),
        sa.ForeignKeyConstraint(["ping_id"], ["ping.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ping_id", "channel"),
    )
    op.create_index("announcement_recent", "announcement", ["channel", "policy", "at"], unique=False)
    op.create_index("announcement_gathering", "announcement", ["gathering_id"], unique=False)


def downgrade() -> None:
    for table in ("announcement", "gathering", "ping", "calendar_snapshot"):
        op.drop_table(table)
    _waiting_card_index(_TWO)
    op.drop_index("step_clock_next", "step_clock")
    with op.batch_alter_table("step_clock") as batch:
        for name in (
            "calendar",
            "target_seconds",
            "next_at",
            "rungs_passed",
            "acknowledged_rung",
            "muted_by",
            "paused_at",
            "paused_seconds",
        ):
            batch.drop_column(name)
    with op.batch_alter_table("cases") as batch:
        batch.drop_column("pause_reason")
