"""The slash command ``/portavoce`` (freeze, release, status, oncall, digest), and the answer to a mention."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.decoding import UnsayableError, from_markup
from bots.slack.digest_blocks import digest_blocks, digest_whole
from bots.slack.listeners.on_call import HELP as ON_CALL_HELP
from bots.slack.listeners.on_call import SWAP_WORD, OnCall
from bots.slack.places import Place
from bots.slack.text import escaped
from bots.slack.workplace import Workplace
from escalation.digest import digest_view
from escalation.digesting import Digests
from escalation.language import Sentence, say
from escalation.settings import Member
from models.database import StorageUnavailableError
from models.vocabulary import CaseState, DigestKind

COMMAND: Final = "/portavoce"
HELP: Final = say(
    "/portavoce freeze [brand or account] stops every outgoing reply at once; "
    "/portavoce release [brand or account] lets them leave again; "
    "/portavoce status says what is open. Answer a customer on their card, or with reply: in its thread."
)
DIGEST_HELP: Final = say(
    "/portavoce digest shows managers the figures of yesterday, /portavoce digest weekly those of seven days."
)
_STATES: Final[dict[CaseState, Sentence]] = {
    CaseState.WAITING_ANSWER: say("waiting for an answer"),
    CaseState.SNOOZED: say("snoozed"),
    CaseState.IN_REVIEW: say("waiting for approval"),
    CaseState.RELAYING: say("on their way"),
    CaseState.NEEDS_CHECK: say("to be looked for on the network"),
    CaseState.ANSWERED: say("answered, not closed yet"),
}

log = structlog.get_logger(__name__)

_Word = Callable[[str, Member, Place], Coroutine[Any, Any, list[Sentence]]]


class Commands:
    """Answers the slash command, to its user alone."""

    def __init__(self, workplace: Workplace, on_call: OnCall) -> None:
        """Keep the collaborators."""
        self._workplace = workplace
        self._on_call = on_call
        self._words: dict[str, _Word] = {
            "freeze": self._freeze,
            "release": self._release,
            "status": self._status,
            "digest": self._digest,
            "oncall": on_call.standing,
        }

    def register(self, app: AsyncApp) -> None:
        """Listen for the command and for mentions of the bot."""
        app.command(COMMAND)(self.on_command)
        app.event("app_mention")(self.on_mention)

    async def on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Do what the first word says; what changes something is committed before the acknowledgement."""
        user = str(body.get("user_id") or "")
        reader = self._workplace.reader(user)
        member = self._workplace.member(user)
        word, _, rest = _decoded(str(body.get("text") or "")).strip().partition(" ")
        first, _, further = rest.strip().partition(" ")
        if member is not None and (word.lower(), first.lower()) == ("oncall", SWAP_WORD):
            await self._on_call.begin_swap(ack, body, further, member)
            return
        if member is None:
            sentences = [self._workplace.stranger(user)]
        elif (act := self._words.get(word.lower())) is not None:
            place = Place(
                user=user, channel=str(body.get("channel_id") or ""), response_url=str(body.get("response_url") or "")
            )
            sentences = await act(rest.strip(), member, place)
        elif word.lower() in {"", "help"}:
            sentences = self._help()
        else:
            sentences = [say("There is no “{word}” here.", word=word), *self._help()]
        text = "\n".join(reader.read(sentence) for sentence in sentences)
        await ack({"response_type": "ephemeral", "text": escaped(text)})

    def _help(self) -> list[Sentence]:
        return [HELP, ON_CALL_HELP, *([] if self._workplace.digests is None else [DIGEST_HELP])]

    async def on_mention(self, event: dict[str, Any]) -> None:
        """Say how to use the bot, to whoever mentioned it."""
        place = Place(
            user=str(event.get("user") or ""),
            channel=str(event.get("channel") or ""),
            message=str(event.get("ts") or ""),
            thread=str(event.get("thread_ts") or ""),
        )
        known = self._workplace.member(place.user) is not None
        self._workplace.later(self._workplace.tell(place, HELP if known else self._workplace.stranger(place.user)))

    async def _freeze(self, scope: str, member: Member, _: Place) -> list[Sentence]:
        done, sentence = await self._workplace.freezing.freeze(scope, actor=member.key)
        log.info("freeze", member=member.key, done=done)
        return [sentence]

    async def _release(self, scope: str, member: Member, _: Place) -> list[Sentence]:
        done, sentence = await self._workplace.freezing.release(scope, actor=member.key)
        log.info("release", member=member.key, done=done)
        return [sentence]

    async def _status(self, _: str, member: Member, __: Place) -> list[Sentence]:
        async with self._workplace.desk.storage.read() as tx:
            counts = await tx.cases.count_by_state()
            own = await tx.cases.list(states=list(_STATES), owner=member.key)
        sentences = [
            say("{count} {state}", count=counts[state], state=words)
            for state, words in _STATES.items()
            if counts.get(state)
        ]
        sentences = sentences or [say("Nothing is open.")]
        if own:
            sentences.append(say("{count} of them are yours.", count=len(own)))
        for scope, who, ago in await self._workplace.freezing.standing():
            sentences.append(say("FROZEN: {scope}, by {who} {ago}.", scope=scope, who=who, ago=ago))
        return sentences

    async def _digest(self, which: str, member: Member, place: Place) -> list[Sentence]:
        if not self._workplace.settings.is_manager(member.key):
            return [say("Only managers can see the digest. Ask one of them.")]
        if which not in {"", *DigestKind}:
            return [say("There is a daily and a weekly digest, but no “{which}”.", which=which)]
        if self._workplace.digests is None:
            return [say("Nobody counts the figures in this installation.")]
        kind = DigestKind(which or DigestKind.DAILY)
        self._workplace.later(self._show_digest(self._workplace.digests, kind, place))
        return [say("One moment, I am counting.")]

    async def _show_digest(self, digests: Digests, kind: DigestKind, place: Place) -> None:
        """Show the figures to one person, without the picture; counting may take longer than Slack waits."""
        try:
            digest = await digests.counted(kind)
        except StorageUnavailableError:
            sentence = say("The figures cannot be counted at the moment. Please try again in a minute.")
            await self._workplace.tell(place, sentence)
            return
        view, reader = digest_view(digest, self._workplace.rulebook.label), self._workplace.reader(place.user)
        await self._workplace.show(place, digest_whole(view, reader), digest_blocks(view, reader, None))


def _decoded(text: str) -> str:
    """Return a command's words without Slack's escapes; what mentions somebody stays as it came and names nothing."""
    try:
        return from_markup(text, lambda _: None)
    except UnsayableError:
        return text
