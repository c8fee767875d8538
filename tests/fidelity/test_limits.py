"""The sandbox's limits and those of slack_sdk: the same at the limit and one over it, or a table says why not."""

import inspect
from types import ModuleType
from typing import Any

import pytest
from slack_sdk.models import blocks as sdk_blocks
from slack_sdk.models import views as sdk_views
from slack_sdk.models.blocks import Block, basic_components, block_elements
from slack_sdk.models.blocks import blocks as sdk_block_classes

from bots.sandbox.workspace.block_rules import BLOCKS, ELEMENTS
from bots.sandbox.workspace.web_api.chat import ATTACHMENTS
from tests.fidelity import judges
from tests.fidelity.limits import SANDBOX_ONLY, SDK, SDK_ONLY, UNCHECKED, container

MODULES: tuple[ModuleType, ...] = (basic_components, block_elements, sdk_block_classes, sdk_views)


def constants() -> dict[str, int]:
    """Every limit that a class of the SDK states, by class and name."""
    return {
        f"{kind.__name__}.{name}": value
        for module in MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
        for name, value in vars(kind).items()
        if name.endswith(("_max_length", "_min_length")) and isinstance(value, int)
    }


LIMITS = constants()


def test_every_constant_of_the_sdk_has_its_document_or_a_reason():
    assert len(LIMITS) > 50
    assert set(SDK) | set(UNCHECKED) == set(LIMITS)
    assert not set(SDK) & set(UNCHECKED)
    assert all(UNCHECKED.values())


@pytest.mark.parametrize("name", SDK)
def test_both_take_what_is_at_the_limit_and_refuse_what_is_beyond(name):
    limit, build = LIMITS[name], SDK[name]
    beyond = limit - 1 if name.endswith("_min_length") else limit + 1
    assert (judges.sandbox(build(limit)), judges.sdk(build(limit))) == ([], [])
    assert judges.sandbox(build(beyond)), f"the sandbox takes {beyond}"
    assert judges.sdk(build(beyond)), f"the SDK takes {beyond}"


@pytest.mark.parametrize("name", SANDBOX_ONLY)
def test_what_only_the_server_counts(name):
    limit, build = SANDBOX_ONLY[name]
    assert (judges.sandbox(build(limit)), judges.sdk(build(limit))) == ([], [])
    assert judges.sandbox(build(limit + 1))
    assert judges.sdk(build(limit + 1)) == [], "the SDK checks it now: it belongs in the other table"


@pytest.mark.parametrize("name", SDK_ONLY)
def test_what_only_the_sdk_refuses(name):
    assert judges.sandbox(SDK_ONLY[name]) == []
    assert judges.sdk(SDK_ONLY[name])


@pytest.mark.filterwarnings("ignore:This class is no longer actively maintained:UserWarning")
def test_attachments():
    from slack_sdk.models.messages.message import Message  # noqa: PLC0415 - importing it warns

    assert Message.attachments_max_length == ATTACHMENTS


REFUSED_BLOCKS = {
    "file": "only Slack itself puts it into messages (docs.slack.dev/reference/block-kit/blocks/file-block)",
    "call": "only Slack itself puts it into messages, for calls.add",
    "auth_provider": "not documented yet",
}
BEYOND_THE_SDK = {"data_table", "data_visualization"}


def types_of(kind: type[Any], module: ModuleType) -> set[str]:
    classes = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, kind)]
    return {one.type for one in classes if isinstance(vars(one).get("type"), str)}


def test_a_box_that_opens_has_no_line_under_its_header():
    for collapsible, line in ((True, False), (False, True)):
        both_take = container(is_collapsible=collapsible, has_header_divider=line)
        assert (judges.sandbox(both_take), judges.sdk(both_take)) == ([], [])
    neither = container(is_collapsible=True, has_header_divider=True)
    assert judges.sandbox(neither)
    assert judges.sdk(neither)


def test_the_same_kinds_of_blocks_and_elements():
    blocks = types_of(Block, sdk_blocks)
    assert blocks - set(BLOCKS) == set(REFUSED_BLOCKS)
    assert set(BLOCKS) - blocks == BEYOND_THE_SDK
    assert types_of(block_elements.BlockElement, block_elements) - set(ELEMENTS) == set()
