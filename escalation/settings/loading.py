"""Read `portavoce.toml` into `Settings`, or say everything that is wrong with it."""

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from escalation.secret import SecretSource
from escalation.settings.advice import advice
from escalation.settings.checks import cross_checks
from escalation.settings.explain import Explainer, field_names, sections_with
from escalation.settings.positions import KeyPath, scan
from escalation.settings.problems import ConfigurationError, Problem
from escalation.settings.sections import Account, AccountCommon
from escalation.settings.settings import HOUSE_BRAND, Settings
from escalation.settings.spelling import nearest

ConnectorSettings = Mapping[str, type[BaseModel]]
"""The settings model of every connector by its name; handed in, because this package knows no connector."""

_COMMON_KEYS: Final = tuple(AccountCommon.model_fields)
_TOML_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_KEY_OF_LINE: Final = re.compile(r"\s*\[*\s*([A-Za-z0-9_.\-]+)")
_TOML_SENTENCES: Final = {
    "Cannot overwrite a value": "this key is given twice in its section",
    "Cannot declare": "this section is given twice; write it once, or with double brackets for a list",
    "Invalid value": 'the value cannot be read; a text needs quotes, such as "Acme"',
    "Expected '=' after a key in a key/value pair": 'a line is written as key = "value"',
    "Unclosed array": "a list is not closed with ]",
    "Invalid initial character for a key part": "a key has letters, digits, _ and - only",
    "Unterminated string": "a text is not closed with a quote",
    "Illegal character '\\n'": "a text is not closed with a quote on its line",
    "Expected newline or end of document after a statement": "there is something after the value; each key needs "
    "a line of its own",
}


def load_settings(
    path: Path,
    *,
    environ: Mapping[str, str],
    connector_settings: ConnectorSettings,
    resolve_secrets: bool = True,
    now: dt.datetime | None = None,
) -> Settings:
    """Read and check a configuration file; `ConfigurationError` with every problem found.

    With `resolve_secrets` off, secrets are checked for their form only and stay unloaded. With `now` (aware) the
    coming weeks are looked at too, for warnings such as that nobody would be on call.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        remedy = "; `portavoce init` writes one" if isinstance(error, FileNotFoundError) else ""
        sentence = f"the configuration file cannot be read ({reason}){remedy}"
        raise ConfigurationError([Problem(file=str(path), line=1, key="file", sentence=sentence)]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        sentence = "is not UTF-8 text; save the file as UTF-8"
        raise ConfigurationError([Problem(file=str(path), line=line, key="file", sentence=sentence)]) from None
    return parse_settings(
        text,
        file=str(path),
        source=SecretSource(environ=environ, folder=path.parent, resolve=resolve_secrets),
        connector_settings=connector_settings,
        now=now,
    )


def parse_settings(
    text: str,
    *,
    file: str,
    source: SecretSource,
    connector_settings: ConnectorSettings,
    now: dt.datetime | None = None,
) -> Settings:
    """Check a configuration text; `file` is the name told in problems, relative paths start at `source.folder`.

    `now` as for `load_settings`.
    """
    raw = _parsed(text, file)
    explainer = Explainer(file=file, raw=raw, positions=scan(text))
    problems = cross_checks(explainer, field_names(Settings))
    accounts, account_problems = _accounts(explainer, source, connector_settings)
    problems += account_problems
    try:
        # a missing [database] is read like an empty one, so that its default path starts at the file's folder
        settings = Settings.model_validate({"database": {}, **raw, "accounts": accounts}, context=source)
    except ValidationError as error:
        problems += [_with_home(explainer, problem) for problem in explainer.problems(error, Settings)]
        raise ConfigurationError(_without_doubles(problems)) from None
    if problems:
        raise ConfigurationError(_without_doubles(problems)) from None
    return settings.with_warnings(advice(settings, explainer, connector_settings, now))


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        lines = text.splitlines() or [""]
        line = int(place[1]) if place and place[1] else len(lines)
        message = message[: place.start()] if place else message
        sentence = next((told for start, told in _TOML_SENTENCES.items() if message.startswith(start)), message)
        key = _KEY_OF_LINE.match(lines[min(line, len(lines)) - 1])
        problem = Problem(file=file, line=line, key=key[1] if key else "TOML", sentence=sentence)
        raise ConfigurationError([problem]) from None


def _accounts(
    explainer: Explainer, source: SecretSource, connector_settings: ConnectorSettings
) -> tuple[dict[str, Account], list[Problem]]:
    tables = explainer.raw.get("accounts", {})
    if not isinstance(tables, Mapping):
        return {}, [explainer.problem(("accounts",), "must be a section with names of its own")]
    accounts: dict[str, Account] = {}
    problems: list[Problem] = []
    for name, table in tables.items():
        if isinstance(table, Mapping):
            account = _account(explainer, ("accounts", name), source, connector_settings, problems)
            if account is not None:
                accounts[name] = account
        else:
            problems.append(explainer.problem(("accounts", name), f"must be a section; write [accounts.{name}]"))
    return accounts, problems


def _account(
    explainer: Explainer,
    path: KeyPath,
    source: SecretSource,
    connector_settings: ConnectorSettings,
    problems: list[Problem],
) -> Account | None:
    """Check one account, adding to `problems`; None when something is wrong with it."""
    before = len(problems)
    table: Mapping[str, Any] = explainer.value(path)
    common: AccountCommon | None = None
    model = _connector_model(explainer, path, connector_settings, problems)
    known = field_names(model) if model else ()
    try:
        common = AccountCommon.model_validate(
            # a connector that polls checks `poll_seconds` itself: it knows what its network bears
            {key: table[key] for key in _COMMON_KEYS if key in table and (key != "poll_seconds" or key not in known)},
            context=source,
        )
    except ValidationError as error:
        found = explainer.problems(error, AccountCommon, below=path)
        problems += [problem for problem in found if problem.sentence != "is required"]
    if model is None:
        return None
    unknown = [
        explainer.unknown_key((*path, key), {*_COMMON_KEYS, *known})
        for key in table
        if key not in _COMMON_KEYS and key not in known
    ]
    problems += unknown
    try:
        own = model.model_validate({key: value for key, value in table.items() if key in known}, context=source)
    except ValidationError as error:
        meant = {name for problem in unknown for name in problem.suggestions}
        problems += [
            problem
            for problem in explainer.problems(error, model, below=path)
            if problem.sentence != "is required" or problem.key.rpartition(".")[2] not in meant
        ]
        return None
    if common is None or len(problems) > before:
        return None
    return Account(
        connector=common.connector,
        brand=common.brand or _only_brand(explainer.raw),
        poll_seconds=getattr(own, "poll_seconds", common.poll_seconds),
        unknown_after=common.unknown_after,
        resend_unknown=common.resend_unknown,
        settings=own,
    )


def _connector_model(
    explainer: Explainer, path: KeyPath, connector_settings: ConnectorSettings, problems: list[Problem]
) -> type[BaseModel] | None:
    table: Mapping[str, Any] = explainer.value(path)
    if "connector" not in table:
        likely = [key for key in table if nearest(key, _COMMON_KEYS) == ("connector",)]
        if likely:
            problems.append(explainer.unknown_key((*path, likely[0]), _COMMON_KEYS))
        else:
            some = ", ".join(f'"{name}"' for name in sorted(connector_settings))
            problems.append(explainer.problem((*path, "connector"), f"is required; known: {some}"))
        return None
    name = table["connector"]
    if not isinstance(name, str):
        return None
    if name not in connector_settings:
        problems.append(
            explainer.problem(
                (*path, "connector"),
                f'there is no connector "{name}"; known: {", ".join(sorted(connector_settings))}',
                suggestions=nearest(name, connector_settings),
            )
        )
        return None
    return connector_settings[name]


def _only_brand(raw: Mapping[str, Any]) -> str:
    brands = raw.get("brands")
    return str(next(iter(brands))) if isinstance(brands, Mapping) and len(brands) == 1 else HOUSE_BRAND


def _with_home(explainer: Explainer, problem: Problem) -> Problem:
    """Name the section where an unknown key without a near spelling belongs."""
    if problem.sentence != "unknown key" or problem.suggestions:
        return problem
    homes = [".".join(map(str, path)) for path in sections_with(Settings, problem.key.rpartition(".")[2])]
    if not homes:
        return problem
    sentence = f"unknown key here; it belongs in [{'] or ['.join(homes)}]"
    return Problem(file=explainer.file, line=problem.line, key=problem.key, sentence=sentence)


def _without_doubles(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
