"""The first route that matches gets the post, and says why."""

import pytest

from escalation.routing import route
from models.vocabulary import Visibility
from tests.house import CONFIGURATION, settings_of

ROUTES = """
[[routes]]
department = "legal"
words = ["c++", "Straße", "caffè"]
[[routes]]
department = "legal"
accounts = ["other"]
languages = ["it"]
[[routes]]
department = "billing"
min_followers = 1000
priority = "urgent"
[[routes]]
department = "legal"
visibility = "private"
[[routes]]
department = "billing"
words = ["invoice", "refund"]
also = ["legal"]
[[routes]]
department = "product"
"""


def configured():
    before, _, rest = CONFIGURATION.partition("[[routes]]")
    return settings_of(before + ROUTES + "[policies.standard]" + rest.partition("[policies.standard]")[2])


SETTINGS = configured()


def routed(text: str = "Hello", **facts: object):
    values = {
        "account": "acme",
        "network": "plain",
        "language": None,
        "followers": None,
        "visibility": Visibility.PUBLIC,
    }
    return route(SETTINGS, text=text, **(values | facts))


def reason(text: str = "Hello", **facts: object) -> dict:
    return dict(routed(text, **facts).reason)


@pytest.mark.parametrize(
    "text", ["Where is my INVOICE?", "invoices, please", "An\ninvoice.", "ｉｎｖｏｉｃｅ", "my-invoice", "(invoice)"]
)
def test_a_word_begins_a_word_in_any_spelling(text: str):
    assert reason(text) == {"route": 5, "word": "invoice"}


@pytest.mark.parametrize("text", ["preinvoiced?", "unrefundable", "in voice"])
def test_a_word_inside_another_is_no_match(text: str):
    assert reason(text) == {"route": 6}


@pytest.mark.parametrize(
    ("text", "word"),
    [("I use C++.", "c++"), ("die STRASSE", "Straße"), ("un caffe\u0300!", "caffè"), ("CAFFÈ", "caffè")],
)
def test_words_are_compared_as_people_read_them(text: str, word: str):
    assert reason(text) == {"route": 1, "word": word}


def test_the_first_match_wins():
    assert routed("An invoice", followers=5000).reason["route"] == 3
    assert routed("c++ invoice", followers=5000).reason["route"] == 1


def test_every_condition_of_a_route_must_hold():
    assert reason(account="other", language="it-IT") == {"route": 2, "account": "other", "language": "it-IT"}
    assert reason(account="other", language="en") == {"route": 6}
    assert reason(account="other") == {"route": 6}
    assert reason(language="it") == {"route": 6}


@pytest.mark.parametrize(("followers", "number"), [(None, 6), (999, 6), (1000, 3)])
def test_followers_count_where_they_are_known(followers: int | None, number: int):
    assert routed(followers=followers).reason["route"] == number


@pytest.mark.parametrize(
    ("visibility", "number"), [(Visibility.PRIVATE, 4), (Visibility.UNLISTED, 6), (Visibility.PUBLIC, 6)]
)
def test_private_is_private_and_everything_else_is_not(visibility: Visibility, number: int):
    assert routed(visibility=visibility).reason["route"] == number


def test_a_match_carries_what_the_route_says():
    match = routed("refund")
    assert (match.department, match.also, match.policy, match.priority) == ("billing", ("legal",), "standard", "normal")
    assert routed(followers=2000).priority == "urgent"


def test_who_declined_is_left_out_and_in_the_end_nobody_is_left():
    assert routed("invoice", after="billing").department == "product"
    assert routed("c++ invoice", after="legal").department == "billing"
    assert routed("c++ invoice", declined=["legal"], after="billing").department == "product"
    assert routed("invoice", declined=["billing", "product", "legal"]) is None
