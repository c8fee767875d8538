"""What colleagues see, free of any chat product: surfaces turn these values into blocks, cards or pages.

Sentences are still in nobody's language; a surface reads them with the ``Reader`` of the channel or person. Text of
customers and
experts is plain text to be shown exactly, never parsed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from escalation.language import Sentence
from models.vocabulary import Step


class Act(StrEnum):
    """The acts that cards offer; a surface's buttons carry these words."""

    CLAIM = "claim"
    ANSWER = "answer"
    SUBMIT = "submit"
    REASSIGN = "reassign"
    NOT_OURS = "not_ours"
    NO_REPLY = "no_reply_needed"
    SPAM = "spam"
    SNOOZE = "snooze"
    DETAILS = "details"
    LIKE = "like"
    REPOST = "repost"
    HIDE = "hide"
    REPLY_PRIVATELY = "reply_privately"
    APPROVE = "approve"
    EDIT_AND_SEND = "edit_and_send"
    SEND_BACK = "send_back"
    REJECT = "reject"
    MAKE_PRIVATE = "make_private"
    LIKE_ONLY = "like_only"
    UNDO = "undo"
    POSTED = "posted"
    NOT_POSTED = "not_posted"
    TAKE_OVER = "take_over"
    GOT_IT = "got_it"
    MUTE = "mute"
    OPEN = "open"
    EXPLAIN = "explain"


@dataclass(frozen=True)
class Action:
    """One button. ``confirm``: ask this before acting."""

    act: Act
    label: Sentence
    style: Literal["primary", "danger", "plain"] = "plain"
    confirm: Sentence | None = None


@dataclass(frozen=True)
class StepLine:
    """One step of the strip: running since ``started_at``, or done in ``seconds`` (wall).

    Both ``None``: still to come. ``stands_still``: the clock waits for a pause to end, so nothing comes due meanwhile.
    """

    step: Step
    label: Sentence
    started_at: datetime | None = None
    seconds: float | None = None
    due_at: datetime | None = None
    late: bool = False
    stands_still: bool = False

    @property
    def is_due(self) -> bool:
        """Tell whether the step runs towards a due time, or is past it."""
        running = self.started_at is not None and self.seconds is None
        return running and self.due_at is not None and not self.stands_still


@dataclass(frozen=True)
class Excerpt:
    """An earlier message of the conversation."""

    sender: str
    is_brand: bool
    text: str
    at: datetime


@dataclass(frozen=True)
class Attachment:
    """A picture, film or file of the customer's post."""

    kind: str
    address: str
    description: str | None


@dataclass(frozen=True)
class DiffPiece:
    """A run of words in a comparison of two texts."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True)
class Post:
    """Who wrote what, where."""

    author: str
    handle: str
    author_url: str | None
    avatar_url: str | None
    followers: int | None
    earlier_cases: int
    network: str
    account: str
    brand: str
    private: bool
    text: str
    subject: str | None
    url: str | None
    language: str | None
    posted_at: datetime
    edited: bool
    deleted: bool
    media: tuple[Attachment, ...] = ()
    context: tuple[Excerpt, ...] = ()


@dataclass(frozen=True)
class CardView:
    """The card in a department's channel.

    ``moved``: another department has the case now, so it is shown short and without acts.

    ``answer_field``: the card carries a text field that submits an answer; ``field_key`` changes when the field shall
    be empty again.
    """

    case_id: str
    case_version: int
    headline: Sentence
    post: Post
    status: Sentence
    route: Sentence
    priority: Sentence | None
    owner: str | None
    steps: tuple[StepLine, ...]
    notices: tuple[Sentence, ...] = ()
    actions: tuple[Action, ...] = ()
    answer_field: bool = False
    field_key: str = ""
    moved: bool = False

    @property
    def first_due(self) -> StepLine | None:
        """Return the step that is due first, or is late for the longest time."""
        due = [(line.due_at, number) for number, line in enumerate(self.steps) if line.is_due and line.due_at]
        return self.steps[min(due)[1]] if due else None


@dataclass(frozen=True)
class ApprovalView:
    """The card in the approvals channel, for one version of an answer.

    ``parts`` are the exact texts that will be published, or were; ``title`` says which. ``reason``: a reviewer's own
    words, or a sentence of ours.
    """

    case_id: str
    case_version: int
    draft_version: int
    draft_hash: str
    context_version: int
    headline: Sentence
    post: Post
    author: str
    edited_by: str | None
    title: Sentence
    parts: tuple[str, ...]
    counts: tuple[int, ...]
    limit: int
    unit: Sentence
    private: bool
    status: Sentence
    warnings: tuple[Sentence, ...]
    steps: tuple[StepLine, ...]
    diff: tuple[DiffPiece, ...] = ()
    reason: str | Sentence | None = None
    notices: tuple[Sentence, ...] = ()
    actions: tuple[Action, ...] = ()
    reply_url: str | None = None


@dataclass(frozen=True)
class NoteView:
    """A message in a card's thread, or a ping. ``to``: members (keys) who shall notice it."""

    sentence: Sentence
    case_id: str | None = None
    to: tuple[str, ...] = ()
    diff: tuple[DiffPiece, ...] = ()
    quote: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class CardPlace:
    """Where the card of a case stands: the chat's own id of a message in a channel (an address)."""

    channel: str
    message_id: str


@dataclass(frozen=True)
class Fact:
    """One line of a ping: what it is, and a sentence of ours or somebody's own words."""

    label: Sentence
    value: Sentence | str


@dataclass(frozen=True)
class PingView:
    """A message about one step clock. ``over``: what became of it; then the rest is shown struck through.

    ``rung`` is the one of the clock's ladder that it tells; ``to``: members (keys) who shall notice it. ``card``: where
    the case's own card stands, for a surface that can lead there.
    """

    case_id: str
    case_version: int
    ping_id: str
    clock_id: str
    rung: int
    headline: Sentence
    facts: tuple[Fact, ...]
    urgent: bool
    over: Sentence | None = None
    notes: tuple[Sentence, ...] = ()
    to: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    card: CardPlace | None = None


@dataclass(frozen=True)
class GatheredLine:
    """One ping of a message about many, and whose case it is. ``done``: its clock has ended since, or stands still."""

    case_id: str
    customer: str
    sentence: Sentence
    done: bool


@dataclass(frozen=True)
class GatheringView:
    """One message about many pings; ``more`` of them are not shown, of which ``more_done`` are done.

    ``over``: what became of all of them; then the rest is shown struck through. ``to``: members (keys) who shall
    notice it.
    """

    headline: Sentence
    lines: tuple[GatheredLine, ...]
    more: int = 0
    more_done: int = 0
    to: tuple[str, ...] = ()
    over: Sentence | None = None


@dataclass(frozen=True)
class Event:
    """One line of a case's timeline."""

    at: datetime
    actor: str
    what: Sentence


@dataclass(frozen=True)
class ClockView:
    """One cycle of one step, explained: what it is and how it stands, then its facts; labels may repeat."""

    headline: Sentence
    facts: tuple[Fact, ...]
    is_running: bool


@dataclass(frozen=True)
class ExplanationView:
    """Why things are due when they are: the rules of the case, its clocks (running ones first), what else will come."""

    case_id: str
    headline: Sentence
    rules: tuple[Sentence, ...]
    clocks: tuple[ClockView, ...]
    to_come: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class DetailsView:
    """Everything about a case: timeline, step times, and why things are due when they are."""

    case_id: str
    headline: Sentence
    events: Sequence[Event]
    steps: Sequence[StepLine]
    reasons: Sequence[Sentence] = field(default_factory=tuple)


@dataclass(frozen=True)
class Figure:
    """A number that shall be seen first, what it is, and how it differs from the time before."""

    value: Sentence
    label: Sentence
    change: Sentence | None = None


@dataclass(frozen=True)
class FigureLine:
    """A name and what is to be said of it, in the order of ``parts``."""

    name: Sentence | str
    parts: tuple[Sentence | str, ...]


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: ``share`` of the whole length, 0 to 1, with ``said`` at its end.

    ``before``: the share in the time before; ``mark``: what sets this bar apart from the others.
    """

    label: Sentence
    share: float
    said: Sentence
    before: float | None = None
    mark: Sentence | None = None


@dataclass(frozen=True)
class BarChart:
    """Shares of a whole, one below the other; ``before`` says what the sign of the time before stands for."""

    title: Sentence
    bars: tuple[Bar, ...]
    before: Sentence


@dataclass(frozen=True)
class Column:
    """A day of a chart: a number, how many of them are done, and a length of time in seconds where there is one.

    ``said``: the two numbers in words.
    """

    label: Sentence
    whole: int
    done: int
    seconds: float | None
    said: Sentence


@dataclass(frozen=True)
class ColumnChart:
    """Days beside each other, with what their numbers are called."""

    title: Sentence
    whole: Sentence
    done: Sentence
    seconds: Sentence
    columns: tuple[Column, ...]


Chart = BarChart | ColumnChart


@dataclass(frozen=True)
class DigestView:
    """The figures of a day or a week, what needs somebody now first. No customer is named, no text is shown.

    ``summary`` says the most important in one line; ``further``: how many departments are left out of ``departments``.
    """

    headline: Sentence
    summary: Sentence
    figures: tuple[Figure, ...]
    urgent: tuple[FigureLine, ...]
    slowest: Sentence
    steps: tuple[FigureLine, ...]
    departments: tuple[FigureLine, ...]
    further: Sentence | None
    days: tuple[FigureLine, ...]
    notes: tuple[Sentence, ...]
    chart: Chart | None


View = CardView | ApprovalView | NoteView | PingView | GatheringView | DigestView
