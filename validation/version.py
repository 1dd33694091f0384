"""The version of the code that the simulated analyses run: a digest of their modules and of all that these import.

A change elsewhere in the package does not throw results away that took half an hour; comments and docstrings do not
count either.
"""

import ast
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

DRAWN_AND_ANALYSED = ("validation.grid", "validation.draw", "validation.analyses")


def version() -> str:
    """Ten hexadecimal digits that differ as soon as an analysis, or anything it is made of, differs."""
    code = [f"{name}\n{_bare(_tree(module))}" for name, module in sorted(modules().items())]
    return sha256("\n".join(code).encode()).hexdigest()[:10]


def modules(start: tuple[str, ...] = DRAWN_AND_ANALYSED) -> dict[str, ModuleType]:
    """The modules of `start` and, repeatedly, those of our own that they import: at the top or in a function."""
    found: dict[str, ModuleType] = {}
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = import_module(name)
            waiting += _imported(_tree(found[name]))
    return found


def _imported(tree: ast.AST) -> Iterator[str]:
    """Names of our own modules that the code takes something from; of a package, the modules behind the names used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("analysis", "validation"):
            module = import_module(node.module)
            if not hasattr(module, "__path__"):
                yield node.module
                continue
            for alias in node.names:
                wanted = getattr(module, alias.name)
                yield from _used(tree, wanted, alias) if hasattr(wanted, "__path__") else [_home(wanted)]


def _used(tree: ast.AST, package: ModuleType, alias: ast.alias) -> Iterator[str]:
    """The modules behind `package.name`, wherever the code writes that."""
    known_as = alias.asname or alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == known_as:
            yield _home(getattr(package, node.attr))


def _home(thing: object) -> str:
    return thing.__name__ if isinstance(thing, ModuleType) else thing.__module__


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text("utf-8"))


def _bare(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)
