"""Every public module, class and function says what it promises."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import tree

WITHOUT = ("models/migrations/versions/",)
SAID_ELSEWHERE = {"override", "overload", "setter", "deleter"}


def decorated_elsewhere(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator says that the documentation stands at another definition."""
    last_words = {
        decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        for decorator in node.decorator_list
    }
    return bool(last_words & SAID_ELSEWHERE)


def silent(node: ast.Module | ast.ClassDef, where: str = "") -> Iterator[str]:
    """Dotted names of public definitions without a docstring; what stands inside a function is private."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If | ast.Try):  # definitions that depend on the version or on TYPE_CHECKING
            yield from silent(ast.Module(body=child.body, type_ignores=[]), where)
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or child.name.startswith("_"):
            continue
        if isinstance(child, ast.ClassDef):
            yield from silent(child, f"{where}{child.name}.")
        elif decorated_elsewhere(child):
            continue
        if not ast.get_docstring(child):
            yield f"{where}{child.name}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): pass", ["f"]),
        ("async def f(): pass", ["f"]),
        ("class A:\n    def f(self): pass", ["A.f", "A"]),
        ('class A:\n    """A."""\n    class B: pass', ["A.B"]),
        ("if True:\n    def f(): pass", ["f"]),
        ("def _f(): pass\nclass _A:\n    def f(self): pass", []),
        ('def f():\n    """F."""\n    def g(): pass', []),
        ('class A:\n    """A."""\n    @override\n    def f(self): pass\n    def __len__(self): pass', []),
    ],
)
def test_the_scan_sees_what_is_silent(source: str, expected: list[str]) -> None:
    assert list(silent(ast.parse(source))) == expected


def test_every_public_name_is_documented() -> None:
    modules = [name for name in tree.product_modules() if not name.startswith(WITHOUT)]
    undocumented = [name for name in modules if not ast.get_docstring(tree.tree(name))]
    undocumented += [f"{name}: {definition}" for name in modules for definition in silent(tree.tree(name))]
    assert undocumented == []
