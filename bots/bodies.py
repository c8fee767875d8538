"""Reading request bodies with a limit that holds before anything is kept in memory."""

from starlette.requests import Request


class BodyTooLargeError(Exception):
    """The body is larger than allowed; what was not read yet is not read."""


async def read_body(request: Request, *, limit: int) -> bytes:
    """Return the body, at most ``limit`` bytes, whatever Content-Length says.

    Raises:
        BodyTooLargeError: it is larger.

    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:12]) > limit:
        raise BodyTooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError
    return bytes(body)
