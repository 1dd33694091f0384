"""Which files of the package a notebook or module uses, found by reading its imports without running them.

A receipt holds these files' hashes, so that a change of one module reruns what uses that module and nothing else.
Where the reading cannot tell, it takes in too much rather than too little: every module of a lazy package instead of
the ones whose names were seen.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path

from analysis.run import document

DATA = frozenset(
    {".yaml", ".yml", ".csv", ".json", ".html", ".css", ".typ", ".txt", ".toml", ".pptx", ".xlsx", ".svg", ".png"}
)
Find = Callable[[str], Path | None]
"""The file of a module, None for what is no module of the package."""
MODULE_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Mention:
    """An import as written: `module` (`level` dots before it), `name` imported from it, attributes taken of it.

    `attributes` is None when the bound name is also used as a whole, so that anything of it may be used.
    """

    module: str
    level: int = 0
    name: str | None = None
    attributes: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class Imports:
    """What the files below `package` import, each read and looked up once: hold it no longer than the files stay so."""

    package: Path
    _direct: dict[Path, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def used_by(self, sources: Iterable[str]) -> frozenset[Path]:
        """Files (modules and their data) that `sources` (cells) use, directly or through other modules.

        Data files count with every module of their folder. The sources are read as one text: a name imported in one
        cell is used in others.
        """
        return self._closure(list(_named("\n".join(sources), "", self._find)))

    def used_by_module(self, module: str) -> frozenset[Path]:
        """The same for a module of the package, itself included; empty for a module from elsewhere."""
        return self._closure([module])

    @cached_property
    def _find(self) -> Find:
        return cache(partial(_file, self.package))

    def _closure(self, todo: list[str]) -> frozenset[Path]:
        seen: set[str] = set()
        files: set[Path] = set()
        while todo:
            module = todo.pop()
            file = None if module in seen else self._find(module)
            seen.add(module)
            if file is None:
                continue
            if file.parent not in seen:
                seen.add(file.parent)
                files.update(_data_in(file.parent))
            files.add(file)
            todo += self._uses(module, file)
        return frozenset(files)

    def _uses(self, module: str, file: Path) -> tuple[str, ...]:
        """Modules that the file of `module` names, and the package that it is in."""
        if file not in self._direct:
            outer = module.rpartition(".")[0]
            home = module if file.name == "__init__.py" else outer
            self._direct[file] = (*_named(file.read_text("utf-8"), home, self._find), outer)
        return self._direct[file]


def _named(text: str, home: str, find: Find) -> frozenset[str]:
    """Modules that `text`, which stands in the package `home`, imports or names."""
    return frozenset(name for mention in _mentions(text) for name in _modules(mention, home, find))


def _file(package: Path, module: str) -> Path | None:
    """The file of a module of the package, None for a name that is no module of it."""
    if module.split(".")[0] != package.name:
        return None
    place = package.parent.joinpath(*module.split("."))
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


def _data_in(folder: Path) -> list[Path]:
    """Data files of a folder and of its folders that hold no modules."""
    inner = [path for path in folder.iterdir() if path.is_dir() and not any(path.glob("*.py"))]
    return [path for path in folder.iterdir() if path.suffix in DATA] + [
        file for path in inner for file in _data_in(path)
    ]


def _mentions(text: str) -> tuple[Mention, ...]:
    """Every import of `text`, in functions too, and every string that looks like a module; none if not Python."""
    try:
        nodes = list(ast.walk(document.parse(text)))
    except SyntaxError:
        return ()
    attributes = _attributes(nodes)
    found: list[Mention] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [Mention(a.name, attributes=attributes.get(a.asname or a.name, frozenset())) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            taken = [(a.name, attributes.get(a.asname or a.name, frozenset())) for a in node.names]
            found += [Mention(node.module or "", node.level, name, these) for name, these in taken]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE_NAME.fullmatch(node.value):
            found.append(Mention(node.value))
    return tuple(found)


def _attributes(nodes: list[ast.AST]) -> dict[str, frozenset[str] | None]:
    """Attributes taken of each (dotted) name in the code; None for a name that is also used as a whole."""
    taken: dict[str, list[str]] = {}
    named: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Name) and (name := _dotted(node)):
            named[name] += 1
            if isinstance(node, ast.Attribute):
                taken.setdefault(_dotted(node.value), []).append(node.attr)
    return {name: frozenset(found) if len(found := taken.get(name, [])) == times else None
            for name, times in named.items()}  # fmt: skip


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _modules(mention: Mention, home: str, find: Find) -> list[str]:
    """Modules that a mention means, read in the package `home` (for relative imports)."""
    base = mention.module
    if mention.level:
        parts = home.split(".")[: len(home.split(".")) - mention.level + 1]
        base = ".".join([*parts, *filter(None, [mention.module])])
    if mention.name is None:
        return _meant(base, mention.attributes, find)
    below = f"{base}.{mention.name}"
    if find(below):
        return [base, *_meant(below, mention.attributes, find)]
    return _meant(base, None if mention.name == "*" else frozenset({mention.name}), find)


def _meant(module: str, names: frozenset[str] | None, find: Find) -> list[str]:
    """The module and, of a package, those where `names` live by its `_MODULES` table (`analysis._lazy`) or as files."""
    file = find(module)
    if file is None or file.name != "__init__.py":
        return [module]
    table = _lazy_table(file.read_text("utf-8"))
    if names is None:
        return [module, *(f"{module}.{part}" for part in table)]
    home = {name: part for part, public in table.items() for name in public.split()}
    return [module, *(f"{module}.{home.get(name, name)}" for name in names)]


@lru_cache(maxsize=64)
def _lazy_table(text: str) -> dict[str, str]:
    for node in document.parse(text).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "_MODULES" for t in node.targets):
            return ast.literal_eval(node.value)
    return {}
