import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.settings.positions import dotted, scan

TEXT = '''\
# comment with [brackets] and = signs
top = "a # not a comment"   # comment

[table]   # comment
"quoted.key" = 1
'literal key' = 2
dotted.key = 3
long = """
first = 1
[not.a.table]
"""
literal = \'\'\'
x = 2\'\'\'
after = [
    # comment
    "one", "two",

    "three",  # ]
]
inline = { a = 1, b = { c = [1, 2] } }
escaped = "quote \\" and \\\\"
last = 1979-05-27 07:32:00

[[list]]
name = "first"
[[list]]
name = "second"
  [list.sub]
  x = 1
  [[list.deep]]
  y = 1
  [[list.deep]]
  y = 2
[a.b.c]
d = 1.5
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("table",), 4),
        (("table", "quoted.key"), 5),
        (("table", "literal key"), 6),
        (("table", "dotted", "key"), 7),
        (("table", "long"), 8),
        (("table", "literal"), 12),
        (("table", "after"), 14),
        (("table", "after", 0), 16),
        (("table", "after", 1), 16),
        (("table", "after", 2), 18),
        (("table", "inline", "b", "c", 1), 20),
        (("table", "escaped"), 21),
        (("table", "last"), 22),
        (("list", 0), 24),
        (("list", 0, "name"), 25),
        (("list", 1), 26),
        (("list", 1, "name"), 27),
        (("list", 1, "sub", "x"), 29),
        (("list", 1, "deep", 0, "y"), 31),
        (("list", 1, "deep", 1, "y"), 33),
        (("a", "b"), 34),
        (("a", "b", "c", "d"), 35),
    ],
)
def test_every_key_has_its_line(path, line):
    positions = scan(TEXT)

    assert positions.written(path)
    assert positions.line(path) == line


def test_the_scan_finds_exactly_the_keys_of_the_parser():
    assert set(scan(TEXT).lines) >= set(paths_of(tomllib.loads(TEXT)))


def test_what_is_not_written_has_the_line_of_the_table_around_it():
    positions = scan(TEXT)

    assert positions.line(("table", "absent", 3)) == 4
    assert positions.line(("absent",)) == 1
    assert not positions.written(("absent",))


def test_paths_are_told_as_a_user_writes_them():
    assert dotted(("routes", 2, "words", 0)) == "routes.words"
    assert dotted(("accounts", "My Shop", "url")) == 'accounts."My Shop".url'


VALUES = st.recursive(
    st.sampled_from(["1", "true", '"a]b}"', "'c\"d'", '"""e\n"f"""', "1.5", '"#"', "'''g\n\\'''"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[\n" + ",\n ".join(parts) + "]"),
        st.lists(inner, max_size=3).map(
            lambda parts: "{ " + ", ".join(f"k{number} = {part}" for number, part in enumerate(parts)) + " }"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_any_value_leaves_the_lines_after_it_right(values):
    lines, text = {}, ""
    for number, value in enumerate(values):
        lines["key", number] = text.count("\n") + 1
        text += f"key{number} = {value}\n"
    tomllib.loads(text)

    positions = scan(text)

    assert {("key", number): positions.line((f"key{number}",)) for number in range(len(values))} == lines
    assert set(positions.lines) == set(paths_of(tomllib.loads(text)))


def paths_of(value, below=()):
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*below, key)
        yield from paths_of(inner, (*below, key))
