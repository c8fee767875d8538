"""The app manifest with this installation's address, or for Socket Mode without any."""

from importlib.resources import files
from typing import Final

_PLACEHOLDER: Final = "https://portavoce.example"
_ADDRESSES: Final = ("url:", "request_url:")


def http_manifest(public_url: str) -> str:
    """Return the manifest (YAML) of an app that Slack calls at ``public_url``."""
    return _text().replace(_PLACEHOLDER, public_url.rstrip("/"))


def socket_mode_manifest() -> str:
    """Return the manifest (YAML) of an app that calls Slack: no addresses, Socket Mode on."""
    lines = [
        line for line in _text().splitlines() if not line.strip().startswith(_ADDRESSES) and not line.startswith("#")
    ]
    return "\n".join(lines).replace("socket_mode_enabled: false", "socket_mode_enabled: true") + "\n"


def _text() -> str:
    return files("bots.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")
