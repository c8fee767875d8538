"""Figures in words, in both languages."""

from datetime import timedelta

import pytest

from escalation.figure_words import badge_sentence, breaches_sentence, line_name, method_sentence
from escalation.figures import UNKNOWN, BadgeForecast, Line, Report, StepFigures
from escalation.language import Reader
from models.vocabulary import Grouping, Step
from tests.clock import MONDAY
from tests.house import settings_of

ENGLISH, ITALIAN = Reader("en"), Reader("it")
SETTINGS = settings_of()


def a_report(method: str) -> Report:
    figures = StepFigures(Step.ANSWER, 1_250, 1.0, 1.0, 1.0, 1.0, 0, 0, (0, 0, 0, 0), 3)
    total = Line("", 2, 1, {Step.ANSWER: figures})
    return Report(MONDAY - timedelta(days=7), MONDAY, None, method, (), total)


@pytest.mark.parametrize(
    ("by", "group", "english", "italian"),
    [
        (Grouping.DEPARTMENT, "billing", "Billing", "Billing"),
        (Grouping.DEPARTMENT, "gone", "gone", "gone"),
        (Grouping.MEMBER, "anna", "Anna Verdi", "Anna Verdi"),
        (Grouping.MEMBER, UNKNOWN, "not known", "non noto"),
        (Grouping.LANGUAGE, UNKNOWN, "not known", "non noto"),
        (Grouping.ROUTE, "12", "route 12", "regola 12"),
        (Grouping.ROUTE, "hand", "passed on by hand", "passato a mano"),
        (Grouping.HOUR, "1-09", "Mon 09:00", "lun 09:00"),
        (Grouping.HOUR, "7-23", "Sun 23:00", "dom 23:00"),
        (Grouping.ACCOUNT, "acme", "acme", "acme"),
        (Grouping.STEP, "answer", "answer", "answer"),
    ],
)
def test_a_line_is_called_as_colleagues_call_it(by: Grouping, group: str, english: str, italian: str):
    assert line_name(by, group, SETTINGS, ENGLISH) == english
    assert line_name(by, group, SETTINGS, ITALIAN) == italian


def test_how_it_was_counted_is_said():
    assert "1250 steps" in ENGLISH.read(method_sentence(a_report("exact")))
    assert "esatti" in ITALIAN.read(method_sentence(a_report("exact")))
    assert "at most 1 % off" in ENGLISH.read(method_sentence(a_report("rolled up")))
    assert "al massimo" in ITALIAN.read(method_sentence(a_report("rolled up")))
    assert "not done at the end of the period: 3." in ENGLISH.read(breaches_sentence(a_report("exact")))


def test_the_badge_forecast_is_rate_and_time_with_what_it_counts():
    forecast = BadgeForecast("page", 135, 118, 372.0, 680.4)
    assert ENGLISH.read(badge_sentence(forecast, "Acme")) == (
        "Badge forecast for Acme: 87.4 %, 11 min 20 s (median 6 min 12 s). Answered 118 of 135 private messages of the "
        "last 7 days. Facebook asks for 90 % and 15 minutes."
    )
    assert ITALIAN.read(badge_sentence(forecast, "Acme")).startswith(
        "Previsione del badge per Acme: 87,4 %, 11 min 20 s"
    )
    earned = BadgeForecast("page", 10, 9, 60.0, 50.0)
    assert ENGLISH.read(badge_sentence(earned, "Acme")).endswith("Facebook would show it.")


def test_without_any_reply_no_time_is_made_up():
    assert ENGLISH.read(badge_sentence(BadgeForecast("page", 4, 0, None, None), "Acme")) == (
        "Badge forecast for Acme: 0 %. None of the 4 private messages of the last 7 days has had a reply."
    )
