"""The three steps of an upload (docs.slack.dev/messaging/working-with-files, uploading files), and files.info."""

import mimetypes

from bots.sandbox.workspace.block_check import Problem
from bots.sandbox.workspace.errors import ApiError
from bots.sandbox.workspace.records import Json, Message, Upload
from bots.sandbox.workspace.state import WorkspaceState
from bots.sandbox.workspace.web_api.arguments import Arguments
from bots.sandbox.workspace.web_api.chat import channel_to_post
from bots.sandbox.workspace.web_api.registry import method

WRITE = ("files:write",)
LONGEST_ALT_TEXT = 1_000


def described(upload: Upload, *, user: str, base: str) -> Json:
    """Write a file object."""
    extension = upload.name.rpartition(".")[2] if "." in upload.name else "text"
    return {
        "id": upload.id,
        "name": upload.name,
        "title": upload.title or upload.name,
        "filetype": extension,
        "mimetype": mimetypes.guess_type(upload.name)[0] or "application/octet-stream",
        "user": user,
        "size": upload.length,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"{base}/files/{upload.id}",
        "url_private_download": f"{base}/files/{upload.id}",
        "permalink": f"{base}/files/{upload.id}",
    }


@method("files.getUploadURLExternal", tier=4, scopes=WRITE)
def get_upload_url(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Answer where the bytes go."""
    length = arguments.number("length", 0, most=1_000_000_000)
    if not length:
        raise ApiError("invalid_arguments", Problem("missing required field: length", ""))
    alt_text = arguments.text("alt_txt")
    if len(alt_text) > LONGEST_ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    upload = Upload(workspace.ids.object("F"), arguments.needed("filename"), length, alt_text=alt_text)
    workspace.uploads[upload.id] = upload
    return {"upload_url": f"{workspace.own_url}/upload/{upload.id}", "file_id": upload.id}


@method("files.completeUploadExternal", tier=4, scopes=WRITE)
def complete_upload(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Finish uploads and share them, with a comment and in a thread if asked."""
    given = arguments.document("files")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise ApiError("invalid_arguments")
    uploads: list[Upload] = []
    for one in given:
        upload = workspace.uploads.get(str(one.get("id")))
        if upload is None or upload.content is None:
            raise ApiError("file_not_found")
        upload.title = str(one.get("title") or upload.name)
        uploads.append(upload)
    shown = [described(upload, user=workspace.app.bot_user, base=workspace.own_url) for upload in uploads]
    names = arguments.names("channels") or ([arguments.text("channel_id")] if arguments.has("channel_id") else [])
    for channel in [channel_to_post(workspace, name) for name in names]:
        workspace.add_message(
            Message(
                channel.id,
                workspace.ids.ts(),
                workspace.app.bot_user,
                arguments.text("initial_comment"),
                bot_id=workspace.app.bot_id,
                app_id=workspace.app.id,
                thread_ts=arguments.text("thread_ts") or None,
                files=shown,
            )
        )
    for upload in uploads:
        upload.shared, upload.completed = bool(names), True
        upload.looks_left = workspace.looks_at_files
    return {"files": shown}


@method("files.info", tier=4, scopes=("files:read",))
def info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe one file."""
    upload = workspace.uploads.get(arguments.needed("file"))
    if upload is None or upload.content is None:
        raise ApiError("file_not_found")
    return {"file": described(upload, user=workspace.app.bot_user, base=workspace.own_url), "comments": []}
