"""The freeze switch: nothing of its scope leaves until it is released, and every card says so."""

from collections.abc import Sequence

from escalation.desk import Desk
from escalation.language import Ago, Sentence, say
from escalation.settings import Settings
from models.outbox import Freeze
from models.vocabulary import OPERATOR


def scope_of(text: str, settings: Settings) -> str | Sentence:
    """Return the scope that a person named: nothing or ``all`` for everything, else a brand or an account.

    Or what is wrong.
    """
    name = text.strip()
    if name in {"", "all", "*"}:
        return "*"
    if name in settings.accounts:
        return f"account:{name}"
    brands = {settings.brand_of(account).key for account in settings.accounts}
    if name in brands:
        return f"brand:{name}"
    known = ", ".join([*sorted(brands), *sorted(settings.accounts)])
    return say("There is no brand or account “{name}”. Known are: {known}.", name=name, known=known)


def frozen_accounts(freezes: Sequence[Freeze], settings: Settings) -> dict[str, str]:
    """Return the accounts that standing freezes hold, with the member (a key) who froze them first."""
    held: dict[str, str] = {}
    for freeze in freezes:
        kind, _, name = freeze.scope.partition(":")
        for account in settings.accounts:
            if (
                freeze.scope == "*"
                or (kind == "account" and name == account)
                or (kind == "brand" and name == settings.brand_of(account).key)
            ):
                held.setdefault(account, freeze.member)
    return held


class Freezing:
    """Freezes and releases, for those who may."""

    def __init__(self, desk: Desk) -> None:
        """Keep the desk."""
        self._desk = desk

    async def freeze(self, text: str, *, actor: str) -> tuple[bool, Sentence]:
        """Stop every outgoing reply of a scope at once; return whether it was done, and a sentence."""
        scope = self._permitted_scope(text, actor)
        if isinstance(scope, Sentence):
            return False, scope
        now, accounts = self._desk.clock.now(), self._accounts(scope)
        async with self._desk.storage.begin() as tx:
            new = await tx.freezes.set(scope, member=actor, at=now)
            standing = next(freeze for freeze in await tx.freezes.all() if freeze.scope == scope)
            under_way = await tx.outbox.under_way(now, accounts=accounts)
            if new:
                await tx.outbox.refresh_open_cards(now, accounts=accounts)
        self._desk.committed()
        if new and under_way:
            return True, say(
                "Frozen: {scope}. Nothing more leaves until somebody releases it. What is approved meanwhile waits. "
                "Already on the way, and not to be stopped any more: up to {count}.",
                scope=_words(scope),
                count=under_way,
            )
        if new:
            return True, say(
                "Frozen: {scope}. Nothing leaves until somebody releases it. What is approved meanwhile waits.",
                scope=_words(scope),
            )
        who, ago = self._desk.rulebook.name(standing.member), Ago(standing.at)
        return True, say("{scope} was frozen already, by {who} {ago}.", scope=_words(scope), who=who, ago=ago)

    async def release(self, text: str, *, actor: str) -> tuple[bool, Sentence]:
        """Let replies of a scope leave again; return whether it was done, and a sentence."""
        scope = self._permitted_scope(text, actor)
        if isinstance(scope, Sentence):
            return False, scope
        async with self._desk.storage.begin() as tx:
            lifted = await tx.freezes.lift(scope)
            others = [freeze.scope for freeze in await tx.freezes.all()]
            if lifted:
                await tx.outbox.refresh_open_cards(self._desk.clock.now(), accounts=self._accounts(scope))
        self._desk.committed()
        if lifted and others:
            return True, say(
                "Released: {scope}. Still frozen: {others}.", scope=_words(scope), others=", ".join(map(_words, others))
            )
        if lifted:
            return True, say("Released: {scope}. What was approved leaves now.", scope=_words(scope))
        if not others:
            return False, say("Nothing is frozen.")
        standing = ", ".join(map(_words, others))
        if scope == "*":
            return False, say("Not everything is frozen, only {standing}. Name what to release.", standing=standing)
        return False, say("{scope} is not frozen. Frozen are: {standing}.", scope=_words(scope), standing=standing)

    async def standing(self) -> list[tuple[str, str, Ago]]:
        """Return what is frozen, by whom and since when."""
        async with self._desk.storage.read() as tx:
            return [
                (_words(freeze.scope), self._desk.rulebook.name(freeze.member), Ago(freeze.at))
                for freeze in await tx.freezes.all()
            ]

    def _permitted_scope(self, text: str, actor: str) -> str | Sentence:
        """Return the scope; whoever may write the database is trusted with the switch."""
        settings = self._desk.rulebook.settings
        approves = actor in settings.approval.approvers or any(
            settings.is_approver(actor, account) for account in settings.accounts
        )
        if actor != OPERATOR and not approves and not settings.is_manager(actor):
            return say("Only approvers and managers can freeze or release. Ask one of them.")
        return scope_of(text, settings)

    def _accounts(self, scope: str) -> list[str]:
        settings = self._desk.rulebook.settings
        kind, _, name = scope.partition(":")
        return [
            account
            for account in settings.accounts
            if scope == "*"
            or (kind == "account" and account == name)
            or (kind == "brand" and settings.brand_of(account).key == name)
        ]


def _words(scope: str) -> str:
    return "everything" if scope == "*" else scope.partition(":")[2]
