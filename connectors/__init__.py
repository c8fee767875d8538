"""How we speak to social networks: one file per network, found by looking, so that adding one edits nothing else."""

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Any, Final

from pydantic import BaseModel

ENTRY_POINTS: Final = "portavoce.connectors"
"""The entry-point group in which another distribution offers a connector class."""

_PARTS: Final = ("name", "label", "settings_model", "capabilities", "count", "post", "close")


class ConnectorError(TypeError):
    """A module or entry point of the connectors does not offer exactly one connector, or a name is taken twice."""


def registry() -> dict[str, type[Any]]:
    """Return every connector class by its ``name``: our modules first, then what other distributions offer.

    A class is a connector when it is defined in the module and has a ``name``, a ``settings_model`` and the methods of
    ``escalation.ports.Connector``. It is made by ``cls(account, settings, clock=clock)``. Raises ``ConnectorError``.
    """
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        offered = importlib.import_module(module.name)
        classes = [one for one in vars(offered).values() if _is_connector(one) and one.__module__ == module.name]
        if len(classes) > 1:
            raise ConnectorError(f"{module.name} defines several connectors; give each a file of its own")
        for one in classes:
            _add(found, one, origin=module.name)
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        _add(found, entry.load(), origin=f"entry point {entry.name}")
    return dict(sorted(found.items()))


def settings_models() -> dict[str, type[BaseModel]]:
    """Return the settings model of every connector, by the connector's name; for validating the configuration."""
    return {name: one.settings_model for name, one in registry().items()}


def _is_connector(one: Any) -> bool:
    return isinstance(one, type) and all(hasattr(one, part) for part in _PARTS) and isinstance(one.name, str)  # type: ignore[attr-defined]


def _add(found: dict[str, type[Any]], one: Any, *, origin: str) -> None:
    if not _is_connector(one):
        missing = ", ".join(part for part in _PARTS if not hasattr(one, part))
        raise ConnectorError(f"{origin} offers no connector; missing: {missing or 'a name'}")
    name = str(one.name)
    if name in found:
        raise ConnectorError(f"{origin} offers a connector named {name}, which {found[name].__module__} is already")
    found[name] = one
