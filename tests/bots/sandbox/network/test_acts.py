"""What people and brands do, by plain calls."""

import pytest

from bots.sandbox.network import Network, NetworkRefusal
from tests.bots.sandbox.network.hands import HandClock


def told(network: Network, handle: str) -> list[tuple[str, str]]:
    return [(one.kind, one.post["id"]) for one in network.notifications(handle).notifications]


def test_a_mention_a_reply_and_a_message_are_told(network: Network) -> None:
    question = network.write("ada", "Hello @Acme, and @nobody and mail@acme.example")
    answer = network.write("acme", "Hello @ada", in_reply_to=question.id)
    follow_up = network.write("ada", "Thanks", in_reply_to=answer.id)
    message = network.write("ada", "my address", visibility="private", to="acme")
    assert question.mentions == ["acme"]
    assert told(network, "acme") == [
        ("mention", question.id),
        ("echo", answer.id),
        ("reply", follow_up.id),
        ("message", message.id),
    ]
    assert told(network, "ada") == [("reply", answer.id)]
    assert told(network, "ben") == []


def test_a_mail_address_mentions_nobody(network: Network) -> None:
    network.write("ada", "write to mail@acme or //@acme")
    assert told(network, "acme") == []


async def test_edits_keep_every_text_and_are_told_once(network: Network, clock: HandClock) -> None:
    post = network.write("ada", "one @acme")
    await clock.advance(60)
    network.edit("ada", post.id, "two @acme @ben")
    network.edit("ada", post.id, "two @acme @ben")
    await clock.advance(60)
    network.edit("ada", post.id, "three")
    assert [version.text for version in post.history] == ["one @acme", "two @acme @ben"]
    assert [kind for kind, _ in told(network, "acme")] == ["mention", "edit", "edit"]
    assert [kind for kind, _ in told(network, "ben")] == ["mention", "edit"]
    texts = [one.post["text"] for one in network.notifications("acme").notifications]
    assert texts == ["one @acme", "two @acme @ben", "three"]
    assert (post.edited_at, post.history[1].at.minute) == (clock.now(), 1)


def test_a_deleted_post_leaves_a_tombstone_and_is_told_without_its_text(network: Network) -> None:
    post = network.write("ada", "oops @acme")
    network.delete("ada", post.id)
    last = network.notifications("acme").notifications[-1]
    assert (last.kind, last.post["text"], last.post["deleted_at"]) == ("delete", None, network.clock.now().isoformat())
    with pytest.raises(NetworkRefusal) as caught:
        network.post(post.id)
    assert (caught.value.status, caught.value.code) == (410, "post_deleted")
    kept = network.tombstone(post.id)
    assert kept is not None
    assert kept.text == "oops @acme"
    assert network.timeline() == []
    with pytest.raises(NetworkRefusal):
        network.edit("ada", post.id, "again")


def test_only_the_author_edits_and_deletes(network: Network) -> None:
    post = network.write("ada", "mine")
    with pytest.raises(NetworkRefusal) as changed:
        network.edit("ben", post.id, "yours")
    with pytest.raises(NetworkRefusal) as deleted:
        network.delete("acme", post.id)
    assert (changed.value.status, deleted.value.status) == (403, 403)
    assert post.text == "mine"
    assert post.deleted_at is None


def test_likes_and_reposts_count_once_each(network: Network) -> None:
    post = network.write("ada", "good")
    for _ in range(3):
        network.like("acme", post.id)
        network.repost("acme", post.id)
    network.like("ben", post.id)
    assert (post.likes, post.reposts) == (["acme", "ben"], ["acme"])
    assert [kind for kind, _ in told(network, "ada")] == ["like", "repost", "like"]


def test_hiding_is_for_who_was_answered_or_mentioned(network: Network) -> None:
    ours = network.write("acme", "news")
    insult = network.write("ada", "bad", in_reply_to=ours.id)
    below = network.write("ben", "indeed", in_reply_to=insult.id)
    mention = network.write("ada", "bad @acme")
    elsewhere = network.write("ada", "bad weather")
    message = network.write("ada", "bad!", visibility="private", to="acme")
    for post in (insult, below, mention, message):
        network.hide("acme", post.id)
        network.hide("acme", post.id)
        assert post.hidden_by == ["acme"]
    for handle, post in (("ben", mention), ("acme", elsewhere), ("ada", insult), ("acme", ours)):
        with pytest.raises(NetworkRefusal) as caught:
            network.hide(handle, post.id)
        assert caught.value.status == 403
    assert [post.id for post in network.timeline(viewer="ben")] == [elsewhere.id, below.id, ours.id]
    assert [post.id for post in network.timeline()] == [elsewhere.id, ours.id]
    assert len(network.timeline(viewer="acme")) == 5


def test_private_messages_are_seen_by_two(network: Network) -> None:
    question = network.write("ada", "hello @acme")
    private = network.write("acme", "in private", in_reply_to=question.id, visibility="private", to="ada")
    back = network.write("ada", "yes", in_reply_to=private.id, visibility="private")
    assert (back.to, back.thread_id) == ("acme", question.id)
    assert [post.id for post in network.thread(question.id, viewer="ada")] == [question.id, private.id, back.id]
    assert [post.id for post in network.thread(question.id, viewer="ben")] == [question.id]
    assert [post.id for post in network.messages("ada")] == [private.id, back.id]
    assert network.messages("ben") == []
    assert network.view(question)["replies"] == 0
    for forbidden in (
        lambda: network.post(private.id, viewer="ben"),
        lambda: network.write("ben", "hm", in_reply_to=private.id),
        lambda: network.like("ben", private.id),
    ):
        with pytest.raises(NetworkRefusal) as caught:
            forbidden()
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"visibility": "private"}, "to_missing"),
        ({"visibility": "private", "to": "ada"}, "to_oneself"),
        ({"visibility": "private", "to": "nobody"}, "account_not_found"),
        ({"to": "acme"}, "to_without_private"),
        ({"in_reply_to": "p999"}, "post_not_found"),
    ],
)
def test_impossible_posts_are_refused(network: Network, asked: dict[str, str], code: str) -> None:
    with pytest.raises(NetworkRefusal) as caught:
        network.write("ada", "hello", **asked)
    assert caught.value.code == code
    assert network.posts_by("ada") == []


def test_a_message_is_not_answered_in_public_nor_reposted(network: Network) -> None:
    message = network.write("ada", "secret", visibility="private", to="acme")
    with pytest.raises(NetworkRefusal) as caught:
        network.write("acme", "public answer", in_reply_to=message.id)
    assert caught.value.code == "parent_private"
    with pytest.raises(NetworkRefusal) as caught:
        network.repost("acme", message.id)
    assert caught.value.status == 403


def test_messages_of_two_people_are_one_conversation(network: Network) -> None:
    first = network.write("ada", "hello", visibility="private", to="acme")
    second = network.write("acme", "hello", visibility="private", to="ada")
    other = network.write("ben", "hello", visibility="private", to="acme")
    assert first.conversation_id == second.conversation_id != other.conversation_id


def test_each_comment_under_a_brands_post_is_a_conversation_of_its_own(network: Network) -> None:
    news = network.write("acme", "news")
    ada = network.write("ada", "a question", in_reply_to=news.id)
    ben = network.write("ben", "another", in_reply_to=news.id)
    answer = network.write("acme", "an answer", in_reply_to=ada.id)
    thanks = network.write("ada", "thanks", in_reply_to=answer.id)
    assert [post.conversation_id for post in (ada, ben, answer, thanks)] == [ada.id, ben.id, ada.id, ada.id]
    assert {post.thread_id for post in (news, ada, ben, answer, thanks)} == {news.id}
    own = network.write("ada", "my day")
    assert network.write("ben", "nice", in_reply_to=own.id).conversation_id == own.id


def test_handles_and_tokens_are_unique(network: Network) -> None:
    for asked in ({"handle": "ACME", "token": None}, {"handle": "carl", "token": "ada-token"}):
        with pytest.raises(NetworkRefusal) as caught:
            network.add_account(str(asked["handle"]), name="X", token=asked["token"])
        assert caught.value.status == 409
    with pytest.raises(NetworkRefusal) as caught:
        network.add_account("no spaces", name="X")
    assert caught.value.status == 422
    assert network.add_account("dora", name="Dora").token != network.add_account("emil", name="Emil").token


def test_a_token_is_never_shown(network: Network) -> None:
    account = network.account("acme")
    assert "acme-token" not in repr(account) + str(network.account_view(account))
