"""The import contracts of ``pyproject.toml`` are kept, and each of them would notice a breach.

For the second half a skeleton of the packages is built (empty modules under their real names), every import
that one contract forbids is planted, and import-linter is asked about this contract alone.
https://import-linter.readthedocs.io/en/stable/contract_types/
"""

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import tree

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
SETTINGS: dict[str, Any] = tomllib.loads(tree.text("pyproject.toml"))["tool"]["importlinter"]
CONTRACTS: list[dict[str, Any]] = SETTINGS["contracts"]
NAMES = [contract["name"] for contract in CONTRACTS]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [LINT_IMPORTS, "--no-logo", "--no-cache"]
    environment = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in tree.PACKAGES


def breaches(contract: dict[str, Any]) -> list[tuple[str, str]]:
    """The imports (importer, imported) that a contract forbids: one per pair that it names."""
    match contract["type"]:
        case "layers":
            layers = contract["layers"]
            return [(lower, upper) for at, upper in enumerate(layers) for lower in layers[at + 1 :]]
        case "forbidden":
            sources, forbidden = expanded(contract["source_modules"]), expanded(contract["forbidden_modules"])
            return [(a, b) for a in sources for b in forbidden if a != b and not allowed(contract, a, b)]
        case "independence":
            return [(a, b) for a in contract["modules"] for b in contract["modules"] if a != b]
        case "protected":
            strangers = [root for root in tree.PACKAGES if root not in contract["allowed_importers"]]
            return [(stranger, module) for stranger in strangers for module in contract["protected_modules"]]
        case unknown:
            pytest.fail(f"Say here what breaks a contract of type {unknown!r}.")


def expanded(expressions: list[str]) -> list[str]:
    """Modules, those with a star as what they stand for now."""
    return [one for expression in expressions for one in ([expression] if "*" not in expression else like(expression))]


def like(expression: str) -> list[str]:
    paths = (name.removesuffix(".py").removesuffix("/__init__") for name in tree.product_modules())
    modules = (path.replace("/", ".") for path in paths)
    return sorted(one for one in modules if fnmatch(one, expression) and one.count(".") == expression.count("."))


def allowed(contract: dict[str, Any], importer: str, imported: str) -> bool:
    pairs = (pair.split(" -> ") for pair in contract.get("ignore_imports", []))
    return any(fnmatch(importer, a) and fnmatch(imported, b) for a, b in pairs)


def settings_text(*contracts: dict[str, Any]) -> str:
    """The configuration of import-linter with these contracts only, as TOML."""
    lines = ["[tool.importlinter]"]
    lines += [f"{key} = {literal(value)}" for key, value in SETTINGS.items() if key != "contracts"]
    for contract in contracts:
        lines += ["[[tool.importlinter.contracts]]"]
        lines += [f"{key} = {literal(value)}" for key, value in contract.items()]
    return "\n".join(lines) + "\n"


def literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return f'"{value}"'


def named(contract: dict[str, Any]) -> set[str]:
    """Our modules that a contract names."""
    modules = {module for pair in breaches(contract) for module in pair} | set(contract.get("allowed_importers", []))
    return {module for module in modules if is_ours(module)}


def exists(module: str) -> bool:
    path = module.replace(".", "/")
    return bool({f"{path}.py", f"{path}/__init__.py"} & set(tree.product_modules()))


def skeleton(folder: Path, *contracts: dict[str, Any], content: bool = False) -> None:
    """The whole tree, without or with its content, and empty modules for those that only the contracts know."""
    paths = {Path(name): tree.text(name) if content else "" for name in tree.product_modules()}
    known = set().union(*map(named, contracts))
    paths |= {Path(*module.split("."), "__init__.py"): "" for module in known if not exists(module)}
    for path, text in paths.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        for parent in path.parents[:-1]:
            (folder / parent / "__init__.py").touch()
    for contract in contracts:
        for importer in contract.get("allowed_importers", []):  # import-linter refuses to protect what nobody imports
            for module in contract["protected_modules"]:
                plant(folder, importer, module)
    (folder / "pyproject.toml").write_text(settings_text(*contracts))


def plant(folder: Path, importer: str, imported: str) -> None:
    path = folder.joinpath(*importer.split("."))
    # In a module of its own beneath a package, so that one breach does not hide another.
    home = path / f"planted_{imported.replace('.', '_')}.py" if path.is_dir() else path.with_suffix(".py")
    with home.open("a") as module:
        module.write(f"import {imported}\n")


def test_the_tree_keeps_all_contracts(tmp_path: Path) -> None:
    skeleton(tmp_path, *CONTRACTS, content=True)
    result = lint(tmp_path)
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout, result.stdout + result.stderr


def test_contracts_name_modules_that_exist() -> None:
    missing = sorted({module for contract in CONTRACTS for module in named(contract) if not exists(module)})
    if missing and not exists("bots.cli"):
        pytest.skip(f"LOUDLY: the contracts name modules that are not built yet: {', '.join(missing)}")
    assert missing == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
def test_a_contract_notices_every_breach(contract: dict[str, Any], tmp_path: Path) -> None:
    skeleton(tmp_path, contract)
    clean = lint(tmp_path)
    assert f"{contract['name']} KEPT" in clean.stdout, clean.stdout + clean.stderr

    expected = breaches(contract)
    for importer, imported in expected:
        plant(tmp_path, importer, imported)
    broken = lint(tmp_path)
    assert broken.returncode == 1
    assert f"{contract['name']} BROKEN" in broken.stdout, broken.stdout + broken.stderr
    unnoticed = [pair for pair in expected if not reported(broken.stdout, *pair)]
    assert unnoticed == []


CHIRP = """
import httpx
import connectors.mastodon
import escalation.inbox
import escalation.rulebook
import models.case
import models.store
import slack_sdk

import connectors.answers
import connectors.base
import escalation.language
import escalation.ports
import escalation.secret
import models.vocabulary
"""


def test_a_connector_that_comes_is_bound_by_the_same_rules(tmp_path: Path) -> None:
    skeleton(tmp_path, *CONTRACTS, content=True)
    (tmp_path / "connectors/chirp.py").write_text(CHIRP)
    broken = lint(tmp_path).stdout
    wrong, right = CHIRP.split("\n\n")
    for line in wrong.split("\n")[1:]:
        assert reported(broken, "connectors.chirp", line.removeprefix("import ")), line
    for line in right.split("\n")[:-1]:
        assert not reported(broken, "connectors.chirp", line.removeprefix("import ")), line


def reported(output: str, importer: str, imported: str) -> bool:
    """Whether a line of the report is about this pair, or about a module inside the importer."""
    return any(
        "->" in line
        and any(part.strip(" -").startswith(importer) for part in line.split("->")[:1])
        and line.split("->")[1].strip().split(" ")[0] == imported
        for line in output.splitlines()
    )
