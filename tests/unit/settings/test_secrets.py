import copy
import json
import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from escalation.secret import MASK, Secret, SecretNotLoadedError, SecretSource
from escalation.settings import ConfigurationError, MissingSecret, load_settings
from tests.unit.settings.sample import CANARIES, CONNECTORS, ENVIRON, SAMPLE, changed, line_of, load, problems_of


class OneSecret(BaseModel):
    token: Secret


def read(value, *, environ=None, folder=Path("/"), resolve=True):
    source = SecretSource(environ=environ or {}, folder=folder, resolve=resolve)
    return OneSecret.model_validate({"token": value}, context=source).token


def test_secrets_reach_those_who_ask():
    settings = load()

    assert settings.chat.slack is not None
    assert settings.chat.slack.bot_token.reveal() == "xoxb-canary-bot"
    assert settings.accounts["acme_mastodon"].setting("access_token").reveal() == "canary-mastodon"


def test_no_print_out_shows_a_secret():
    settings = load(changed('url = "sqlite:///data/portavoce.db"', 'url = "postgresql://me:canary-db@db/p"'))
    shown = [
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        json.dumps(settings.model_dump(), default=str),
        repr(settings.model_dump()),
        repr(copy.deepcopy(settings)),
        f"{settings.chat}",
        f"{settings.chat.slack.bot_token:>20}",
        repr(SecretSource(environ=ENVIRON, folder=Path())),
    ]

    for text in shown:
        assert not [canary for canary in (*CANARIES, "canary-db") if canary in text]
    assert settings.database.url == "postgresql://me:canary-db@db/p"


def test_no_problem_shows_a_secret():
    text = SAMPLE.replace('{ env = "SLACK_BOT_TOKEN" }', '"xoxb-canary-literal"').replace(
        'brand = "acme"\n', 'brand = "acme"\npoll_seconds = "canary-wrong"\n'
    )

    problems = problems_of(text)

    assert len(problems) == 2
    assert "canary" not in repr(problems) + str(ConfigurationError(problems))


def test_pydantic_itself_does_not_show_a_literal_secret():
    with pytest.raises(ValidationError) as caught:
        load_of_section("xoxb-canary-literal")

    assert "canary" not in str(caught.value)


def load_of_section(token):
    from escalation.settings import SlackChat  # noqa: PLC0415 - only here

    SlackChat.model_validate({"bot_token": token, "signing_secret": {"env": "X"}})


def test_a_variable_that_is_not_set_is_a_missing_secret():
    (problem,) = problems_of(SAMPLE, environ={**ENVIRON, "SLACK_SIGNING_SECRET": ""})

    assert isinstance(problem, MissingSecret)
    assert (problem.key, problem.variable, problem.line) == (
        "chat.slack.signing_secret",
        "SLACK_SIGNING_SECRET",
        line_of(SAMPLE, "SLACK_SIGNING_SECRET"),
    )
    assert problem.sentence == "the environment variable SLACK_SIGNING_SECRET is empty"


def test_every_missing_secret_is_named():
    error = ConfigurationError(problems_of(SAMPLE, environ={}))

    assert [problem.variable for problem in error.missing_secrets] == list(ENVIRON)
    assert len(error.problems) == 3


def test_a_secret_file_is_relative_to_the_configuration_and_loses_one_line_end(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("canary \n\r\n", encoding="utf-8")

    assert read({"file": "secrets/token"}, folder=tmp_path).reveal() == "canary \n"


def test_secret_files_that_cannot_be_used_are_missing_secrets(tmp_path):
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "portavoce.toml").write_text(
        SAMPLE.replace('{ env = "SLACK_BOT_TOKEN" }', '{ file = "empty" }')
        .replace('{ env = "SLACK_SIGNING_SECRET" }', '{ file = "binary" }')
        .replace('{ env = "ACME_MASTODON_TOKEN" }', '{ file = "absent" }'),
        encoding="utf-8",
    )

    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path / "portavoce.toml", environ={}, connector_settings=CONNECTORS)

    assert [
        (problem.secret_file, problem.sentence.rpartition(": ")[2]) for problem in caught.value.missing_secrets
    ] == [
        (str(tmp_path / "empty"), "empty"),
        (str(tmp_path / "binary"), "not UTF-8 text"),
        (str(tmp_path / "absent"), "No such file or directory"),
    ]


def test_without_resolving_nothing_is_looked_up_but_forms_are_checked():
    settings = load(environ={}, resolve=False)

    token = settings.chat.slack.bot_token
    assert not token.loaded
    with pytest.raises(SecretNotLoadedError, match="without its secrets"):
        token.reveal()
    (problem,) = problems_of(changed('{ env = "SLACK_BOT_TOKEN" }', '"literal"'), environ={}, resolve=False)
    assert problem.key == "chat.slack.bot_token"


def test_a_database_address_may_come_from_the_environment():
    text = changed('url = "sqlite:///data/portavoce.db"', 'url = { env = "DATABASE_URL" }')

    given = load(text, environ={**ENVIRON, "DATABASE_URL": "postgresql:///portavoce?host=/run/postgresql"})
    unresolved = load(text, environ={}, resolve=False)
    (missing,) = problems_of(text)

    assert given.database.url == "postgresql:///portavoce?host=/run/postgresql"
    assert unresolved.database.url == ""
    assert isinstance(missing, MissingSecret)
    assert missing.variable == "DATABASE_URL"


@pytest.mark.parametrize("value", [{"env": ""}, {"env": 3}, {"env": "A", "file": "B"}, {}, 7, ["x"], None])
def test_other_forms_are_refused(value):
    with pytest.raises(ValidationError, match="a secret is written as"):
        read(value, environ={"A": "x"})


def test_a_reference_needs_a_source():
    with pytest.raises(ValidationError, match="while a configuration is loaded"):
        OneSecret.model_validate({"token": {"env": "A"}})


def test_secrets_compare_by_value_and_are_never_written():
    one, same, other = Secret("a"), Secret("a"), Secret("b")

    assert one == same
    assert one != other
    assert one != "a"
    assert len({one, same, other}) == 2
    assert Secret.unloaded() == Secret.unloaded() != one
    assert str(one) == MASK
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(one)
    assert OneSecret(token=one).model_dump() == {"token": MASK}
