"""Facets and indexes by which steps are reported, and the roll-up of ended steps."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_RUNNING = sa.text("ended_at IS NULL")
_ENDED = sa.text("ended_at IS NOT NULL")
_LATE = sa.text("ended_at > due_at")
_DONE = sa.text("outcome = 'done'")
_NOT_ROLLED_UP = sa.text("outcome = 'done' AND rolled_up_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("step_clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("network", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("route", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("language", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("member", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("rolled_up_at", sa.BigInteger(), nullable=True))
    _fill_facets()
    with op.batch_alter_table("step_clock", schema=None) as batch_op:
        batch_op.alter_column("account", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("network", existing_type=sa.String(), nullable=False)
    for name, columns, where in (
        ("step_clock_overdue", ["due_at"], _RUNNING),
        (
            "step_clock_done",
            ["department", "ended_at", "step", "wall_seconds", "business_seconds", "due_at"],
            _DONE,
        ),
        ("step_clock_ended", ["ended_at"], _ENDED),
        ("step_clock_late", ["ended_at", "due_at", "started_at", "department", "step"], _LATE),
        ("step_clock_not_rolled_up", ["rolled_up_at", "ended_at"], _NOT_ROLLED_UP),
    ):
        op.create_index(name, "step_clock", columns, unique=False, postgresql_where=where, sqlite_where=where)
    op.create_index("case_received", "cases", ["received_at"], unique=False)
    op.create_index("mention_posted", "mention", ["posted_at"], unique=False)
    op.create_table(
        "step_rollup",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("cycles", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("targeted", sa.BigInteger(), nullable=False),
        sa.Column("met", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "kind", "span", "start", "department", "step", "account", "network", "bucket", "within"
        ),
        sqlite_with_rowid=False,
    )


def _fill_facets() -> None:
    """Take from each case what its clocks are reported under; who did a step long ago is not known any more."""
    clocks, cases = sa.table("step_clock"), sa.table("cases")
    for name in ("case_id", "account", "network", "language", "route"):
        clocks.append_column(sa.column(name, sa.String()))
    for name in ("id", "account", "network", "language"):
        cases.append_column(sa.column(name, sa.String()))
    cases.append_column(sa.column("route", sa.JSON()))
    routes = (sa.cast(cases.c.route[key].as_string(), sa.String()) for key in ("route", "by"))
    found = {
        "account": cases.c.account,
        "network": cases.c.network,
        "language": cases.c.language,
        "route": sa.func.coalesce(*routes),
    }
    op.execute(
        sa.update(clocks).values(
            {
                name: sa.select(source).where(cases.c.id == clocks.c.case_id).scalar_subquery()
                for name, source in found.items()
            }
        )
    )


def downgrade() -> None:
    op.drop_table("step_rollup")
    op.drop_index("mention_posted", table_name="mention")
    op.drop_index("case_received", table_name="cases")
    for name in (
        "step_clock_not_rolled_up",
        "step_clock_late",
        "step_clock_ended",
        "step_clock_done",
        "step_clock_overdue",
    ):
        op.drop_index(name, table_name="step_clock")
    with op.batch_alter_table("step_clock", schema=None) as batch_op:
        for column in ("rolled_up_at", "member", "language", "route", "network", "account"):
            batch_op.drop_column(column)
