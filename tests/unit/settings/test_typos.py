"""Any single slip of the finger in a key is answered with the right key."""

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.settings.example import EXAMPLE
from escalation.settings.spelling import distance, nearest
from tests.unit.settings.sample import SAMPLE, problems_of

KEY_LINES = [
    (number, found[1])
    for number, line in enumerate(SAMPLE.splitlines(), start=1)
    if (found := re.match(r"([a-z_]+) = ", line))
]
LETTERS = string.ascii_lowercase + "_"


@st.composite
def slips(draw):
    """A key line of the sample and its key with one letter dropped, added, replaced or swapped."""
    number, key = draw(st.sampled_from(KEY_LINES))
    at = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from(LETTERS))
    typed = draw(
        st.sampled_from(
            [
                key[:at] + key[at + 1 :],
                key[:at] + letter + key[at:],
                key[:at] + letter + key[at + 1 :],
                key[:at] + key[at + 1 : at + 2] + key[at] + key[at + 2 :],
            ]
        )
    )
    return number, key, typed


@settings(max_examples=200, deadline=None)
@given(slips())
def test_a_slip_in_a_key_names_the_right_key(slip):
    number, key, typed = slip
    lines = SAMPLE.splitlines()
    lines[number - 1] = typed + lines[number - 1][len(key) :]
    problems = [problem for problem in problems_of("\n".join(lines)) if problem.line == number]

    if typed == key:
        assert not problems
    elif typed:
        (problem,) = problems
        assert problem.sentence == "unknown key"
        assert key in problem.suggestions
        assert problem.key.endswith(typed)


@given(st.text(LETTERS, max_size=8), st.text(LETTERS, max_size=8))
def test_distance_is_symmetric_and_zero_only_for_equals(one, two):
    assert distance(one, two, limit=8) == distance(two, one, limit=8)
    assert (distance(one, two, limit=8) == 0) == (one == two)


def test_nearest_prefers_what_is_not_there_yet():
    assert nearest("sonday", ["sunday", "monday"]) == ("monday", "sunday")
    assert nearest("sonday", ["sunday", "monday"], taken=["monday"]) == ("sunday",)


def test_nearest_minds_neither_case_nor_hyphens():
    assert nearest("Undo-Seconds", ["undo_seconds", "approvers"]) == ("undo_seconds",)


def test_nearest_says_nothing_when_nothing_is_near():
    assert nearest("banana", ["undo_seconds", "approvers"]) == ()


def test_the_example_names_every_kind_of_key_that_the_sample_has():
    assert {key for _, key in KEY_LINES} <= set(re.findall(r"[a-z_]+(?= = )", EXAMPLE))


JUNK = st.sampled_from([
    "0", "-1", "99999999999999999999", "1.5", "nan", "true", "1979-05-27", "07:32:00", "''", "' '", "'x'", "'\\u0000'",
    '"\\u0000"', "[]", "[[]]", "['']", "[1, 'a']", "[{}]", "{}", "{ env = 1 }", "{ file = '' }", "{ env = 'X' }",
    '{ file = "a\\u0000b" }', "{ a = { b = [] } }", "'sqlite:///'", "'http://['", "'slack:'", "'teams:/'",
    "'{'", "'{0}'", "'+'",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEY_LINES), JUNK), min_size=1, max_size=4))
def test_no_value_whatever_makes_it_crash(changes):
    lines = SAMPLE.splitlines()
    for (number, key), junk in changes:
        lines[number - 1] = f"{key} = {junk}"
    before = {(problem.line, problem.key) for problem in problems_of(SAMPLE)}

    problems = problems_of("\n".join(lines))

    assert not before
    for problem in problems:
        assert 1 <= problem.line <= len(lines)
        assert problem.key
        assert "\n" not in str(problem).replace("\\n", "")
        assert not re.search(r"pydantic|validation error|Traceback|Input should", str(problem))
