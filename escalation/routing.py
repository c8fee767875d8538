"""Which department gets a post, and why: the first route of the configuration that matches. Pure."""

import unicodedata
from collections.abc import Collection, Mapping

import regex

from escalation.casefile import RouteMatch
from escalation.settings import Route, Settings
from models.vocabulary import Visibility


def route(
    settings: Settings,
    *,
    account: str,
    network: str,
    text: str,
    language: str | None,
    followers: int | None,
    visibility: Visibility,
    declined: Collection[str] = (),
    after: str | None = None,
) -> RouteMatch | None:
    """Return the first route that matches, without departments that have declined and ``after``, which just did.

    ``None`` only when every department that matches has declined.
    """
    refused = {*declined, *((after,) if after else ())}
    for number, candidate in enumerate(settings.routes, start=1):
        if candidate.department in refused:
            continue
        why = _matches(candidate, account, network, text, language, followers, visibility)
        if why is not None:
            return _match(settings, number, candidate, account, why)
    return None


def route_to(settings: Settings, department: str, *, account: str, network: str) -> RouteMatch | None:
    """Return the first route that leads to a department from an account, whatever else it asks for."""
    for number, candidate in enumerate(settings.routes, start=1):
        elsewhere = (candidate.accounts and account not in candidate.accounts) or (
            candidate.networks and network not in candidate.networks
        )
        if candidate.department == department and not elsewhere:
            return _match(settings, number, candidate, account, {})
    return None


def _match(settings: Settings, number: int, candidate: Route, account: str, why: Mapping[str, object]) -> RouteMatch:
    return RouteMatch(
        department=candidate.department,
        also=tuple(candidate.also),
        policy=candidate.policy,
        priority=candidate.priority,
        reason={"route": number, **why},
        second_approval=tuple(sorted(settings.second_approvers(candidate, account))),
        four_eyes=settings.four_eyes(candidate),
    )


def _matches(  # noqa: C901 - one guard for each condition that a route may have
    candidate: Route,
    account: str,
    network: str,
    text: str,
    language: str | None,
    followers: int | None,
    visibility: Visibility,
) -> dict[str, object] | None:
    why: dict[str, object] = {}
    if candidate.accounts:
        if account not in candidate.accounts:
            return None
        why["account"] = account
    if candidate.networks:
        if network not in candidate.networks:
            return None
        why["network"] = network
    if candidate.languages:
        if language is None or language.split("-")[0].lower() not in {
            wanted.split("-")[0].lower() for wanted in candidate.languages
        }:
            return None
        why["language"] = language
    if candidate.min_followers is not None:
        if followers is None or followers < candidate.min_followers:
            return None
        why["followers"] = followers
    if candidate.visibility is not None:
        if (visibility is Visibility.PRIVATE) != (candidate.visibility == "private"):
            return None
        why["visibility"] = candidate.visibility
    if candidate.words:
        word = _word(text, candidate.words)
        if word is None:
            return None
        why["word"] = word
    return why


def _word(text: str, words: Collection[str]) -> str | None:
    """Return the first of ``words`` that begins a word of the text ("invoice" finds "Invoices")."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for word in words:
        wanted = regex.escape(unicodedata.normalize("NFKC", word).casefold())
        if regex.search(rf"(?<!\w){wanted}", folded):
            return word
    return None
