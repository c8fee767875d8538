"""Rules about what is asked of the network later: is our reply there, did the customer change something?"""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from escalation import ports
from escalation.ports import Arrived, PostFacts
from models.vocabulary import NetworkAct
from tests.connectors.corpus import HOSTILE
from tests.connectors.fake_network import FakeNetwork, acts_late, answers, breaks_off, fails
from tests.connectors.rules import Scaffold, rule


class Finding(Scaffold):
    """Prove look-ups, acts and re-reading."""

    # --- is it there?

    @rule("a reply whose answer was lost is found", needs="looks")
    async def test_found_after_lost_answer(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        faults = [
            fails(httpx.ReadTimeout, acts=True),
            answers(500, acts=True),
            breaks_off(),
            answers(200, b"", acts=True),
        ]
        for number, fault in enumerate(faults):
            reply = self.tried(network, self.reply(connector, to, f"answer {number}", key=f"key-{number}"))
            network.on_send(fault)
            with pytest.raises(ports.Uncertain):
                await connector.post(reply)
            network.clock.forward(seconds=120)
            found = await connector.find(reply)
            assert found is not None
            assert found.external_id == network.standing()[-1].external_id
            network.clock.forward(seconds=60)

    @rule("a reply that never arrived is not found", needs="looks")
    async def test_absent(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        reply = self.tried(network, self.reply(connector, to))
        network.on_send(fails(httpx.ReadTimeout))
        with pytest.raises(ports.Uncertain):
            await connector.post(reply)
        assert await connector.find(reply) is None

    @rule("a reply that the network makes late is found then", needs="looks")
    async def test_acts_late(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        reply = self.tried(network, self.reply(connector, to))
        network.on_send(acts_late(30))
        with pytest.raises(ports.Uncertain):
            await connector.post(reply)
        assert await connector.find(reply) is None
        network.clock.forward(seconds=31)
        found = await connector.find(reply)
        assert found is not None
        assert [one.external_id for one in network.standing()] == [found.external_id]

    @rule("every text is found again, whatever is in it", needs="looks")
    async def test_find_any_text(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for number, text in enumerate(HOSTILE):
            reply = self.tried(network, self.reply(connector, to, text, key=f"key-{number}"))
            posted = await connector.post(reply)
            network.clock.forward(seconds=1)
            assert await connector.find(reply) == posted, text

    @rule("somebody else's, another or an earlier answer is not taken for ours", needs="looks")
    async def test_find_is_exact(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        reply = self.reply(connector, to, "It left today.")
        await connector.post(replace(reply, key="the same an hour before"))
        network.clock.forward(seconds=3600)
        tried = self.tried(network, reply)
        other = await self.written(network, connector, "Another question")
        await connector.post(self.reply(connector, other, "It left today.", key="other-parent"))
        network.customer_writes(reply.text, parent_id=to.external_id, visibility=to.visibility)
        await connector.post(self.reply(connector, to, "It left yesterday.", key="other-text"))
        network.clock.forward(seconds=10)
        assert await connector.find(tried) is None
        posted = await connector.post(tried)
        assert await connector.find(tried) == posted

    @rule("each part is found under the part before", needs="looks parts")
    async def test_find_parts(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        first = await connector.post(self.reply(connector, to, "the same", key="k-0"))
        second = self.tried(
            network, self.reply(connector, to, "the same", key="k-1", part=1, previous_id=first.external_id)
        )
        assert await connector.find(second) is None
        posted = await connector.post(second)
        assert await connector.find(second) == posted

    @rule("a look-up that fails says so instead of nothing", needs="looks")
    async def test_find_fails_loudly(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        reply = self.tried(network, self.reply(connector, to))
        await connector.post(reply)
        odd = (answers(200, b"<html>"), answers(200, b'{"unexpected": true}'), answers(200, b"null"))
        for fault in (answers(500), fails(httpx.ReadTimeout), *odd, answers(429), answers(401)):
            network.wire.script(fault, method="GET", times=9)
            with pytest.raises((ports.RetryLater, ports.Unauthorised)):
                await connector.find(reply)
            network.wire.rules.clear()

    @rule("the same key twice is one reply", needs="native")
    async def test_native_key(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        reply = self.reply(connector, to)
        network.on_send(fails(httpx.ReadTimeout, acts=True))
        with pytest.raises(ports.Uncertain):
            await connector.post(reply)
        posted = await connector.post(self.tried(network, reply))
        assert [one.external_id for one in network.standing()] == [posted.external_id]

    # --- besides replying

    @rule("acts are done, and doing them again is harmless", needs="acts")
    async def test_acts(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for act in sorted(connector.capabilities.acts):
            await connector.act(act, to, key="key-1")
            await connector.act(act, to, key="key-1")
            assert list(network.acts()).count((act, to.external_id)) == 1

    @rule("an act that the network has not is refused with a sentence, not tried", needs="acts")
    async def test_undeclared_act(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        for act in set(NetworkAct) - connector.capabilities.acts:
            with pytest.raises(ports.Rejected) as caught:
                await connector.act(act, to, key="key-1")
            assert caught.value.for_people is not None
        assert not network.wire.calls

    @rule("an act on a post that is gone is Gone", needs="acts")
    async def test_act_on_gone_post(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        network.customer_deletes(to.external_id)
        for act in sorted(connector.capabilities.acts):
            with pytest.raises(ports.Gone):
                await connector.act(act, to, key="key-1")

    @rule("before sending it sees edits, deletion and new words of the customer", needs="rereads")
    async def test_changes(self, network: FakeNetwork, connector: Any) -> None:
        to = await self.written(network, connector, "Where is my parcel?")
        assert list(await connector.changes(to)) == []
        network.clock.forward(seconds=60)
        newer = network.customer_writes("It is urgent!", parent_id=to.external_id, visibility=to.visibility)
        assert [(type(one), one.external_id) for one in await connector.changes(to)] == [(Arrived, newer)]
        network.customer_edits(to.external_id, "Where is my red parcel?")
        edits = [one for one in await connector.changes(to) if isinstance(one, ports.Edited)]
        assert [(one.external_id, one.text) for one in edits] == [(to.external_id, "Where is my red parcel?")]
        known = replace(to, edited_at=edits[0].edited_at, text=edits[0].text)
        assert not [one for one in await connector.changes(known) if isinstance(one, ports.Edited)]
        network.customer_deletes(to.external_id)
        gone = [one for one in await connector.changes(to) if isinstance(one, ports.Deleted)]
        assert [one.external_id for one in gone] == [to.external_id]
