"""Rules about what a connector says of itself, its doctor, and what it must never show."""

import logging
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

import connectors
from escalation import ports
from escalation.ports import PostFacts
from models.vocabulary import Idempotency, Visibility
from tests.connectors.fake_network import FakeNetwork, answers, fails
from tests.connectors.rules import Scaffold, rule


class Caring(Scaffold):
    """Prove that declarations are true and secrets stay secret."""

    # --- what it says of itself

    @rule("is found by the registry under its own name")
    def test_registered(self, connector: Any) -> None:
        assert connectors.registry()[self.connector_class.name] is self.connector_class
        assert self.connector_class.label
        assert connector.account

    @rule("settings refuse unknown keys and never change")
    def test_settings_are_closed(self, connector: Any) -> None:
        model = self.connector_class.settings_model
        assert model.model_config["extra"] == "forbid"
        with pytest.raises(ValidationError):
            model.model_validate({"no_such_key": 1})
        if model.model_fields:
            with pytest.raises(ValidationError):
                setattr(connector.settings, next(iter(model.model_fields)), "changed")

    @rule("declares exactly what it can do")
    def test_capabilities_are_real(self, network: FakeNetwork) -> None:
        variants = self.variants(network)
        for one in variants:
            declared = one.capabilities
            assert declared.ingest <= (
                {"page"}
                | ({"push"} if isinstance(one, ports.Pushes) else set())
                | ({"poll"} if isinstance(one, ports.Polls) else set())
            )
            assert not declared.acts or isinstance(one, ports.Acts)
            assert declared.idempotency is not Idempotency.LOOKUP or isinstance(one, ports.Looks)
            assert not (declared.sees_edits or declared.sees_deletions) or declared.ingest != {"page"}
            assert declared.limit > 0
            assert declared.unit
            assert declared.max_parts >= 1
            assert declared.visibilities
            assert not declared.private_reply or Visibility.PRIVATE in declared.visibilities
            assert (declared.key_lifetime is not None) <= (declared.idempotency is Idempotency.NATIVE)
        for protocol, used in (
            (ports.Pushes, any("push" in one.capabilities.ingest for one in variants)),
            (ports.Polls, any("poll" in one.capabilities.ingest for one in variants)),
            (ports.Acts, any(one.capabilities.acts for one in variants)),
            (ports.Looks, any(one.capabilities.idempotency is not Idempotency.NONE for one in variants)),
        ):
            assert used or not any(isinstance(one, protocol) for one in variants), protocol.__name__

    @rule("reads the server's limits, or lives without them", needs="http")
    async def test_prepare(self, network: FakeNetwork) -> None:
        connector = self.make_connector(network)
        await connector.prepare()
        first = connector.capabilities
        await connector.prepare()
        assert connector.capabilities == first

    # --- care

    @rule("the doctor finds a healthy account healthy", needs="checks")
    async def test_doctor_is_content(self, network: FakeNetwork, connector: Any) -> None:
        findings = await connector.doctor()
        assert findings
        assert [one for one in findings if not one.ok] == []

    @rule("the doctor reports a dead token and a network out of reach", needs="checks")
    async def test_doctor_reports(self, network: FakeNetwork, connector: Any) -> None:
        for fault in (fails(httpx.ConnectError), answers(500), answers(200, b"<html>"), answers(302)):
            network.wire.script(fault, times=99)
            findings = await connector.doctor()
            assert any(not one.ok and one.advice for one in findings), fault
            network.wire.rules.clear()
        network.token_dies()
        assert any(not one.ok and one.advice for one in await connector.doctor())

    @rule("no token in errors, logs or print-outs", needs="http")
    async def test_token_is_never_shown(
        self, network: FakeNetwork, connector: Any, to: PostFacts, caplog: pytest.LogCaptureFixture, capfd: Any
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told = f'{{"error": "your token {network.token} is bad"}}'.encode()
        shown = [repr(connector), str(connector), repr(connector.settings), str(connector.settings)]
        for fault in (
            fails(httpx.ReadTimeout),
            fails(httpx.ConnectError),
            *(answers(status, told) for status in (302, 400, 401, 403, 404, 422, 429, 500)),
        ):
            network.on_send(fault)
            with pytest.raises(ports.OutsideError) as caught:
                await connector.post(self.reply(connector, to))
            error: BaseException | None = caught.value
            shown += [str(caught.value.for_people), caught.getrepr(showlocals=False).__str__()]
            while error is not None:
                shown += [repr(error), str(error), repr(vars(error))]
                error = error.__cause__ or error.__context__
        shown += [caplog.text, *capfd.readouterr()]
        assert not [one for one in shown if network.token in one]
        assert to.text not in caplog.text

    @rule("a network call carries the token in a header only", needs="http")
    async def test_token_stays_out_of_addresses(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        await connector.post(self.reply(connector, to))
        assert network.wire.calls
        for call in network.wire.calls:
            assert network.token not in call.path + str(call.query) + call.body.decode()

    @rule("closing lets the connections go", needs="http")
    async def test_close(self, network: FakeNetwork, connector: Any) -> None:
        await connector.close()
        await connector.close()
        assert network.wire.closed
