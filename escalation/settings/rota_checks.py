"""What must agree inside rotas and between them and the rest: layers that are reached, groups that can be read."""

from collections.abc import Iterator, Mapping

from escalation.settings.explain import Explainer
from escalation.settings.positions import KeyPath
from escalation.settings.problems import Problem


def rota_checks(explainer: Explainer) -> Iterator[Problem]:
    """Find layers that are never reached and Slack user groups without a Slack."""
    rotas = explainer.raw.get("on_call")
    chat = explainer.raw.get("chat", {})
    has_slack = not isinstance(chat, Mapping) or "slack" in chat
    for name, rota in rotas.items() if isinstance(rotas, Mapping) else ():
        layers = rota.get("layers") if isinstance(rota, Mapping) else None
        if not isinstance(layers, list) or not all(isinstance(layer, Mapping) for layer in layers):
            continue  # told by the model
        for number, layer in enumerate(layers):
            path: KeyPath = ("on_call", name, "layers", number)
            if "slack_group" in layer and not has_slack:
                yield explainer.problem(
                    (*path, "slack_group"), "needs the section [chat.slack], which is missing, to ask who is in it"
                )
            if layer.get("members") and "hours" not in layer and number < len(layers) - 1:
                yield explainer.problem(
                    path,
                    "is on duty at all hours, so no layer below it ever is; give it hours, or put it last",
                )
