"""Documents are JSON that says exactly what was to be written, the odd ones included."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.documents import written

ODD: tuple[Any, ...] = ("half a pair \ud83d", 10**40, -(2**63) - 1, {"\udc00": [2**64]}, "NUL \0", 1e300, "é\u2028")
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("document", ODD, ids=ascii)
def test_what_the_fast_way_refuses_is_written_all_the_same(document: Any):
    assert json.loads(written(document)) == document


@given(DOCUMENTS)
def test_any_document_is_what_it_was(document: Any):
    assert json.loads(written(document)) == document


def test_what_is_no_document_is_refused():
    with pytest.raises(TypeError):
        written({"object": object()})
