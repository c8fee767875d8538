"""Which uploaded files blocks may show (docs.slack.dev/reference/block-kit/composition-objects/slack-file-object).

The app must have uploaded the file and said so, and it must be a picture; whether it is shared with anybody does not
matter. Slack looks a file through after it has said yes, and refuses messages that show it until then
(github.com/slackapi/java-slack-sdk/issues/1349); here that lasts for as many messages as the workspace was told.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bots.sandbox.workspace.block_check import Problem
from bots.sandbox.workspace.records import Upload


def problems_of_files(blocks: Any, uploads: Mapping[str, Upload], pointer: str = "/blocks") -> list[Problem]:
    """List the files in blocks that Slack would not show; what is well formed is checked before."""
    return [
        Problem("invalid slack file", f"{place}/slack_file")
        for place, file in _files(blocks, pointer)
        if not _may_be_shown(file, uploads)
    ]


def _files(value: Any, pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _files(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        if isinstance(value.get("slack_file"), dict):
            yield pointer, value["slack_file"]
        for name, item in value.items():
            yield from _files(item, f"{pointer}/{name}")


def _may_be_shown(file: Mapping[str, Any], uploads: Mapping[str, Upload]) -> bool:
    name = file.get("id") or str(file.get("url") or "").rpartition("/files/")[2]
    upload = uploads.get(str(name))
    if upload is None or not upload.completed or not upload.is_picture:
        return False
    if upload.looks_left:
        upload.looks_left -= 1
        return False
    return True
