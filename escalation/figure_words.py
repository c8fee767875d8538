"""Figures in words: what a line is called, how it was counted, and what the badge forecast says. Pure."""

from datetime import timedelta

from babel.dates import get_day_names

from escalation.figures import UNKNOWN, BadgeForecast, Report
from escalation.language import Reader, Sentence, say
from escalation.settings import Settings
from models.vocabulary import Grouping


def line_name(by: str | None, group: str, settings: Settings, reader: Reader) -> str:
    """Return what colleagues call the group of a report's line."""
    if group == UNKNOWN:
        return reader.read(say("not known"))
    if by == Grouping.DEPARTMENT and group in settings.departments:
        department = settings.departments[group]
        return department.label or department.key
    if by == Grouping.MEMBER and group in settings.members:
        return settings.members[group].name
    if by == Grouping.ROUTE:
        return reader.read(say("route {number}", number=group) if group.isdecimal() else say("passed on by hand"))
    if by == Grouping.HOUR:
        day, _, hour = group.partition("-")
        return f"{get_day_names('abbreviated', locale=reader.language)[int(day) - 1]} {hour}:00"
    return group


def method_sentence(report: Report) -> Sentence:
    """Say how many steps were counted, and how."""
    count = report.cycles
    if report.method == "exact":
        return say(
            "Counted from {count} steps that ended in the period. Percentiles are exact, interpolated between "
            "neighbours (type 7).",
            count=count,
        )
    return say(
        "Counted from {count} steps that ended in the period. Percentiles come from the hourly roll-up and are at most "
        "1 % off.",
        count=count,
    )


def breaches_sentence(report: Report) -> Sentence:
    """Say how many steps are late and in none of the times."""
    return say(
        "Past their due time and not done at the end of the period: {count}. They are in none of the times above.",
        count=report.open_breaches,
    )


def badge_sentence(forecast: BadgeForecast, account: str) -> Sentence:
    """Say what Facebook's badge would make of an account, by the name that colleagues know."""
    rate = round(100 * forecast.response_rate, 1)
    if forecast.fastest is None or forecast.median is None:
        return say(
            "Badge forecast for {account}: {rate} %. None of the {messages} private messages of the last 7 days has "
            "had a reply.",
            account=account,
            rate=rate,
            messages=forecast.messages,
        )
    earned = say("Facebook would show it.")
    return say(
        "Badge forecast for {account}: {rate} %, {time} (median {median}). Answered {answered} of {messages} private "
        "messages of the last 7 days. {verdict}",
        account=account,
        rate=rate,
        time=timedelta(seconds=forecast.fastest),
        median=timedelta(seconds=forecast.median),
        answered=forecast.answered,
        messages=forecast.messages,
        verdict=earned if forecast.earned else say("Facebook asks for 90 % and 15 minutes."),
    )
