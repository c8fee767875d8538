"""Files in blocks: shown when the app has uploaded a picture and said so, refused in Slack's words before."""

import pytest

from tests.bots.sandbox.workspace.stage import ANNA, LUNCH

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def upload(api, http):
    """Upload bytes; up to the step named."""

    async def up_to(step, content=PNG, name="menu.png", **more):
        given = await api("files.getUploadURLExternal", filename=name, length=len(content), **more)
        assert given["ok"], given
        if step == "asked":
            return given["file_id"]
        path = given["upload_url"].replace("http://sandbox.test/sandbox/slack", "")
        assert (await http.post(path, content=content)).status_code == 200
        if step == "sent":
            return given["file_id"]
        assert (await api("files.completeUploadExternal", files=[{"id": given["file_id"], "title": "Menu"}]))["ok"]
        return given["file_id"]

    return up_to


def picture(**file):
    return {"type": "image", "block_id": "menu", "alt_text": "The menu", "slack_file": file}


async def test_a_picture_that_nobody_shares_is_shown_in_a_block(api, upload, workspace, http):
    file = await upload("completed", alt_txt="The menu")
    assert workspace.messages(LUNCH) == []
    posted = await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[picture(id=file)])
    assert posted["ok"]
    [shown] = workspace.messages(LUNCH)
    assert shown["blocks"][0]["slack_file"] == {"id": file}
    came = await http.get(f"/files/{file}")
    assert (came.content, came.headers["content-type"]) == (PNG, "image/png")
    assert came.headers["x-content-type-options"] == "nosniff"


async def test_a_picture_is_shown_by_its_address_too(api, upload):
    file = await upload("completed")
    address = f"http://sandbox.test/sandbox/slack/files/{file}"
    assert (await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[picture(url=address)]))["ok"]


@pytest.mark.parametrize("step", ["asked", "sent"])
async def test_a_file_that_is_not_all_there_is_refused(api, upload, step):
    file = await upload(step)
    refused = await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[picture(id=file)])
    assert (refused["ok"], refused["error"]) == (False, "invalid_blocks")
    assert refused["response_metadata"]["messages"] == [
        "[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"
    ]


async def test_what_is_no_picture_or_somebody_elses_is_refused(api, upload, workspace):
    soup = await upload("completed", b"soup", "menu.png")
    theirs = await workspace.attach(ANNA, "mine.png", "iVBORw0KGgo=")
    for file in (soup, theirs["id"], "F0ABCDEFGH"):
        accessory = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": {
            "type": "image", "alt_text": "x", "slack_file": {"id": file}}}  # fmt: skip
        refused = await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[accessory])
        assert refused["error"] == "invalid_blocks", file
        assert "/blocks/0/accessory/slack_file" in refused["errors"][0]


async def test_a_file_that_is_still_looked_through_is_refused_for_a_while(api, upload, workspace):
    workspace.looks_at_files = 2
    file = await upload("completed")
    answers = [await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[picture(id=file)]) for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [False, False, True]
    assert len(workspace.messages(LUNCH)) == 1


async def test_attachments_and_later_versions_are_checked_too(api, upload):
    posted = await api("chat.postMessage", channel=LUNCH, text="Menu")
    wrong = [picture(id="F0ABCDEFGH")]
    assert (await api("chat.update", channel=LUNCH, ts=posted["ts"], text="x", blocks=wrong))[
        "error"
    ] == "invalid_blocks"
    attached = await api("chat.postMessage", channel=LUNCH, text="x", attachments=[{"blocks": wrong}])
    assert attached["errors"] == ["invalid slack file [json-pointer:/attachments/0/blocks/0/slack_file]"]


async def test_words_for_a_picture_have_an_end(api):
    long = await api("files.getUploadURLExternal", filename="m.png", length=3, alt_txt="x" * 1_001)
    assert long["error"] == "alt_txt_too_large"


async def test_a_file_that_a_browser_could_run_is_only_handed_out(upload, http):
    for content, name in ((b"<script>", "x.html"), (PNG, "x.html"), (PNG, "x.svg")):
        file = await upload("completed", content, name)
        assert (await http.get(f"/files/{file}")).headers["content-type"] == "application/octet-stream"


async def test_files_outlive_a_restart(upload, workspace, api):
    file = await upload("completed")
    workspace.restore(workspace.snapshot())
    assert (await api("chat.postMessage", channel=LUNCH, text="Menu", blocks=[picture(id=file)]))["ok"]
