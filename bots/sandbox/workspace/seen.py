"""What a person sees after an act."""

from dataclasses import asdict, dataclass, field

from bots.sandbox.workspace.records import Json


@dataclass(frozen=True)
class Seen:
    """The result of an act, from where the person sits.

    `ok`: the app acknowledged and nothing went wrong. `error`: the sentence shown instead. `field_errors`: by block_id,
    in a dialog that stays open. `view`: the dialog in front now, if any. `message`: the message the act made or
    concerned, as Slack shows it. `ephemerals`: messages only this person sees, that came during the act. `ts`: of the
    message made.
    """

    ok: bool
    error: str | None = None
    field_errors: dict[str, str] = field(default_factory=dict)
    view: Json | None = None
    message: Json | None = None
    ephemerals: tuple[Json, ...] = ()
    ts: str = ""

    def as_dict(self) -> Json:
        """Write as JSON-able data."""
        return asdict(self)
