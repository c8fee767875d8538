"""Resolves what a name in a syntax tree stands for, through the file's own imports."""

import ast
from collections.abc import Iterator


def imported(module: ast.Module) -> dict[str, str]:
    """Local name to the dotted name it was imported as, wherever in the file the import stands."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.split(".")[0]
                found[local] = alias.name if alias.asname else local
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        stem = dotted(node.value)
        return f"{stem}.{node.attr}" if stem else None
    return None


def uses(module: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Every read of an imported name, with the dotted name it stands for: a call, an argument, a default."""
    known = imported(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = dotted(node)
            if name is None:
                continue
            first, _, rest = name.partition(".")
            if first in known:
                yield node, f"{known[first]}.{rest}" if rest else known[first]


def modules_imported(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, ``from a import b`` as ``a.b``."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
