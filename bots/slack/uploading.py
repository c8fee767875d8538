"""Brings a picture into Slack so that a message can show it (docs.slack.dev/messaging/working-with-files).

Three steps: Slack says where the bytes go, they go there, Slack is told that they are all there. The file is shared
with nobody; the message that shows it makes it visible to those who see the message.
"""

import asyncio
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.charts import draw, in_words
from bots.slack.verdicts import UNREADABLE, error_word
from escalation.language import Reader
from escalation.views import Chart

ALL_IN_ALL_SECONDS: Final = 20
"""What drawing and uploading may take together: a message is not held up longer for its picture."""
FILE_NAME: Final = "digest.png"
ALT_CHARACTERS: Final = 1_000

log = structlog.get_logger(__name__)


class Pictures:
    """Draws charts and uploads them. One that was uploaded for a message is used again when it is tried again."""

    def __init__(self, client: AsyncWebClient) -> None:
        """Keep the client; nothing is asked."""
        self._client = client
        self._last: tuple[str, str] | None = None

    async def uploaded(self, effect_id: str, chart: Chart, reader: Reader) -> str | None:
        """Return the id of the file that shows a chart; ``None``, never an error, where there is no picture.

        A picture is worth less than the message, and whether it was uploaded is of no consequence.
        """
        if self._last is not None and self._last[0] == effect_id:
            return self._last[1]
        try:
            async with asyncio.timeout(ALL_IN_ALL_SECONDS):
                file = await self._upload(chart, reader)
        except (*UNREADABLE, KeyError) as error:
            problem = (error_word(error) if isinstance(error, SlackApiError) else "") or type(error).__name__
            log.warning("digest without its picture", effect=effect_id, problem=problem)
            return None
        except Exception:
            log.exception("digest without its picture", effect=effect_id)
            return None
        self._last = (effect_id, file)
        return file

    async def _upload(self, chart: Chart, reader: Reader) -> str:
        drawn = await asyncio.to_thread(draw, chart, reader)
        told = in_words(chart, reader)[:ALT_CHARACTERS]
        answer: Any = await self._client.files_getUploadURLExternal(filename=FILE_NAME, length=len(drawn), alt_txt=told)
        address, file = str(answer["upload_url"]), str(answer["file_id"])
        timeout = aiohttp.ClientTimeout(total=self._client.timeout)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(address, data=drawn, proxy=self._client.proxy) as taken,
        ):
            taken.raise_for_status()
        await self._client.files_completeUploadExternal(files=[{"id": file, "title": reader.read(chart.title)}])
        return file
