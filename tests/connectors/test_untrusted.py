"""Bytes from outside, headers and signatures."""

import base64
import gzip
import hashlib
import hmac
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.answers import Answer
from connectors.signature import check_fresh, check_signature, same
from connectors.untrusted import MAX_BYTES, MAX_DEPTH, UnreadableError, parse_json, unpack
from escalation.ports import Forged
from escalation.secret import Secret

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


# --- JSON


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PLAIN = st.none() | st.booleans() | st.integers() | STORABLE


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(STORABLE, inner), max_leaves=20))
def test_json_comes_through(value):
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(b"\xef\xbb\xbf" + json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b"nul", b"NaN", b"[Infinity]", b"\xff", '"é"'.encode("latin-1"),
     '{"a":1}'.encode("utf-16"), b"{'a': 1}", b"[" * 1_000_000, b'{"a":' * 100_000, b"1" * 10_000,
     b"[1] [2]", b"<html></html>"],
)  # fmt: skip
def test_what_is_no_json_is_said_to_be_so(raw):
    with pytest.raises(UnreadableError) as caught:
        parse_json(raw)
    assert len(str(caught.value)) < 30


def test_depth_is_limited_exactly():
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(UnreadableError):
        parse_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_characters_that_cannot_be_stored_become_visible():
    told = parse_json(rb'{"a\u0000": ["\ud800x", "\ud83d\ude00", "\udc00"]}')
    assert told == {"a\ufffd": ["\ufffdx", "\N{GRINNING FACE}", "\ufffd"]}


def test_a_packed_body_never_takes_more_room_than_the_limit():
    bomb = gzip.compress(bytes(60_000_000), 1)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError, match="too_long"):
            unpack(bomb, "gzip")
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BYTES
    finally:
        tracemalloc.stop()


# --- headers


def answer(**headers: str) -> Answer[bytes]:
    return Answer(200, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ("", {}),
        ('<https://x.example/a?max_id=1>; rel="next", <https://x.example/a?min_id=9>; rel="prev"',
         {"next": "https://x.example/a?max_id=1", "prev": "https://x.example/a?min_id=9"}),
        ("<a>; rel=next", {"next": "a"}),
        ('<a>; title="x, y; rel=no"; rel="next last"', {"next": "a", "last": "a"}),
        ('<a,b>; rel="next"', {"next": "a,b"}),
        ('<a>; rel="next", <b>; rel="next"', {"next": "a"}),
        ("garbage", {}),
        ("<a>", {}),
    ],
)  # fmt: skip
def test_links(header, links):
    assert answer(link=header).links == links


def test_dates_without_sense_are_no_dates():
    assert answer(date="yesterday").sent_at is None
    assert answer().sent_at is None
    assert answer(date="Mon, 02 Nov 2026 10:00:00 +0100").sent_at == NOW
    assert answer(retry_after="Mon, 02 Nov 99999 10:00:00 GMT").wait_until(NOW) is None


# --- signatures

OLD, NEW = Secret("old-secret"), Secret("app-secret")
META = b'{"object":"page","entry":[{"id":"1","changes":[]}]}'
META_SIGNED = "49ae7903924b0cbf427cc180c57f46b31dc28f10764132d72aedafe906260376"


def test_known_signatures():
    check_signature(META, [META_SIGNED], secrets=[NEW])
    check_signature(
        b"crc-token-123",
        ["pqNVCku98klY+uShlb3Xa/LIgd2B2xq7EveP37yRYOI="],
        secrets=[Secret("consumer-secret")],
        encoding="base64",
    )
    escaped = rb'{"text":"caf\u00e9 \ud83d\ude00"}'
    check_signature(escaped, ["b656fe7b4a797936552e219571ceff3d2d69342425080187f5c04eb68dc5cd7a"], secrets=[NEW])


def test_secrets_and_signatures_rotate():
    check_signature(META, [META_SIGNED], secrets=[OLD, NEW])
    check_signature(META, ["00" * 32, META_SIGNED.upper()], secrets=[NEW, OLD])
    with pytest.raises(Forged, match="wrong_signature"):
        check_signature(META, [META_SIGNED], secrets=[OLD])


@pytest.mark.parametrize(
    "presented", [[], [""], ["zz"], ["ÿ" * 64], [META_SIGNED[:-2]], ["00" * 32], [META_SIGNED + "00"]]
)
def test_other_signatures_are_forged(presented):
    with pytest.raises(Forged):
        check_signature(META, presented, secrets=[NEW])


def test_no_secret_lets_nobody_in():
    with pytest.raises(Forged):
        check_signature(META, [META_SIGNED], secrets=[])


@given(st.binary(max_size=50), st.integers(0, 400))
def test_one_changed_bit_is_noticed(body, position):
    signed = base64.b64encode(hmac.digest(b"app-secret", body + b"x", hashlib.sha512)).decode()
    changed = bytearray(body + b"x")
    changed[position % len(changed)] ^= 1
    check_signature(body + b"x", [signed], secrets=[NEW], algorithm="sha512", encoding="base64")
    with pytest.raises(Forged):
        check_signature(bytes(changed), [signed], secrets=[NEW], algorithm="sha512", encoding="base64")


def test_timestamps():
    seconds = int(NOW.timestamp())
    assert check_fresh(str(seconds - 300), NOW) == NOW - timedelta(seconds=300)
    for timestamp in (str(seconds - 301), str(seconds + 301), "", "-1", "1e9", "٣", "9" * 12, "9" * 400, f" {seconds}"):
        with pytest.raises(Forged):
            check_fresh(timestamp, NOW)


def test_verification_tokens():
    assert same("app-secret", NEW)
    assert not same("app-secres", NEW)
    assert not same("\ud800", NEW)
