"""Who is on call: changes of rotas, and members of Slack user groups."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty_group",
        sa.Column("slack_group", sa.String(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slack_group"),
    )
    op.create_table(
        "duty_override",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rota", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("instead_of", sa.String(), nullable=True),
        sa.Column("mutual", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_by", sa.String(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("duty_override", schema=None) as batch_op:
        batch_op.create_index("duty_override_until", ["until"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("duty_override", schema=None) as batch_op:
        batch_op.drop_index("duty_override_until")

    op.drop_table("duty_override")
    op.drop_table("duty_group")
