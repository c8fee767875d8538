import tomllib

import pytest

from escalation.settings import ConfigurationError, load_settings
from escalation.settings.example import EXAMPLE, example, json_schema
from tests.unit.settings.sample import CONNECTORS, ENVIRON, SAMPLE, load, problems_of


def test_a_file_is_loaded_from_its_own_folder(tmp_path):
    path = tmp_path / "portavoce.toml"
    path.write_text("\ufeff" + SAMPLE, encoding="utf-8")

    settings = load_settings(path, environ=ENVIRON, connector_settings=CONNECTORS)

    assert settings.database.sqlite_path == tmp_path / "data" / "portavoce.db"
    assert settings.organisation.name == "Acme"


def test_problems_name_the_file_as_it_was_given(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(SAMPLE.replace("undo_seconds", "undo"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"my\.toml:\d+: approval\.undo: unknown key"):
        load_settings(path, environ=ENVIRON, connector_settings=CONNECTORS)


def test_a_file_that_is_not_there_is_told_with_the_way_out(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path / "absent.toml", environ={}, connector_settings=CONNECTORS)

    assert str(caught.value) == (
        f"{tmp_path / 'absent.toml'}:1: file: the configuration file cannot be read (no such file or directory); "
        "`portavoce init` writes one"
    )


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b'# one\n# two\nname = "Caff\xe8"\n')

    with pytest.raises(ConfigurationError, match=r"latin\.toml:3: file: is not UTF-8 text"):
        load_settings(path, environ={}, connector_settings=CONNECTORS)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_an_empty_file_lists_what_is_required(text):
    keys = {problem.key for problem in problems_of(text)}

    assert keys == {"organisation", "members", "departments", "approval", "routes"}


@pytest.mark.parametrize(
    "text",
    ["a = [1,", "[", "a = {", '"', "a = '''", "= 1", "a.b = 1\na = 2", "\x00", "a = 2026-99-99", "[[a]]\n[a]\n", "a"],
)
def test_broken_toml_is_one_problem_with_a_line(text):
    (problem,) = problems_of(text)

    assert 1 <= problem.line <= 2
    assert problem.key
    assert "(at " not in problem.sentence


@pytest.mark.parametrize("section", ["organisation", "members", "departments", "routes", "accounts", "chat", "brands"])
@pytest.mark.parametrize("value", ["1", "'x'", "[1]", "[[]]", "{ a = 1 }", "[{ a = 1 }]", "true"])
def test_a_section_of_another_shape_is_problems_and_never_a_crash(section, value):
    problems = problems_of(f"{section} = {value}\n")

    assert [problem for problem in problems if problem.key.split(".")[0] == section]
    assert all(str(problem).startswith("portavoce.toml:1: ") for problem in problems)


def test_the_example_loads_without_problems_or_warnings():
    settings = load(EXAMPLE)

    assert settings.warnings == ()
    assert set(settings.accounts) == {"acme_mastodon", "contact"}
    assert settings.policy().targets["acknowledge"] == 900


def test_every_commented_key_of_the_example_is_a_key():
    lines = EXAMPLE.splitlines()
    wrong = {}
    for number, line in enumerate(lines):
        if line.startswith("# ") and " = " in line and "[chat" not in line and "teams:" not in line:
            text = "\n".join([*lines[:number], line.removeprefix("# "), *lines[number + 1 :]])
            told = [problem for problem in problems_of(text, resolve=False) if "unknown key" in problem.sentence]
            if told:
                wrong[line] = told
    assert set(wrong) <= {line for line in lines if line.startswith(("# app_id", "# app_password", "# tenant_id"))}


def test_the_example_of_teams_is_right_when_uncommented():
    start = EXAMPLE.index("# [chat.teams]")
    end = EXAMPLE.index("\n\n", start)
    block = EXAMPLE[start:end].replace("# ", "")

    settings = load(EXAMPLE[:start] + block + EXAMPLE[end:], resolve=False)

    assert settings.chat.teams is not None


def test_the_example_shows_further_connectors_commented_out():
    text = example({**CONNECTORS, "another": CONNECTORS["mastodon"]})

    assert "# [accounts.my_another]\n" in text
    assert '# access_token = { env = "ACCESS_TOKEN" }\n' in text
    assert "# poll_seconds = 60\n" in text
    assert load(text).accounts.keys() == load(EXAMPLE).accounts.keys()


def test_the_schema_knows_every_key_of_the_example():
    schema = json_schema(CONNECTORS)

    def check(value, part):
        part = resolved(part)
        if isinstance(value, dict) and "additionalProperties" in part and not part.get("properties"):
            for inner in value.values():
                check(inner, part["additionalProperties"])
        elif isinstance(value, dict):
            variants = list(flat(part))
            fitting = [one for one in variants if set(value) <= set(one.get("properties", {}))]
            assert fitting, (value, part)
            for key, inner in value.items():
                check(inner, fitting[0]["properties"][key])
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in value:
                check(inner, part["items"])

    def flat(part):
        for one in part.get("oneOf", part.get("anyOf", ())):
            yield from flat(resolved(one))
        yield resolved(part)

    def resolved(part):
        return schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part

    check(tomllib.loads(EXAMPLE), schema)
    with pytest.raises(AssertionError):
        check({"approval": {"undo_second": 5}}, schema)
    connectors = schema["properties"]["accounts"]["additionalProperties"]["oneOf"]
    assert [one["properties"]["connector"]["const"] for one in connectors] == ["form", "mastodon"]
    assert "rate_limit" in connectors[0]["properties"]
    assert "rate_limit" not in connectors[1]["properties"]
