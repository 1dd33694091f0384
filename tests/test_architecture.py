"""The house rules that keep the repository small: who may import whom, no study in the code, short functions,
docstrings.
"""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "analysis"
MODULES = sorted(PACKAGE.rglob("*.py"))
PURE = {"effect", "process", "instruments", "disclosure"}
ALLOWED = {
    "study": {"instruments", "disclosure", "codebook", "logic", "_study_rules", "_logic_rules"},
    "_study_rules": {"study", "instruments", "disclosure", "codebook"},
    "_logic_rules": {"study", "logic"},
    "logic": {"codebook"},
    "codebook": set(),
    "intake": {"codebook", "study"},
    "store": {"study", "codebook", "disclosure"},
    "prepare": {"study", "codebook", "intake", "instruments", "store"},
    "present": {"study", "logic"},
    "summary": {"study"},
    "planned": {"study", "logic", "effect", "process"},
    "publish": {"store", "present", "study", "codebook"},
}


def part(path: Path) -> str:
    """The part of the package that a module belongs to: its folder, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Parts of the package that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "analysis":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("analysis."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("analysis.")}
    return found - {part(path), "_lazy", "_processes", "_yaml"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    # process reports in the estimates frame of effect; the pure parts know nothing else of the project
    allowed = ({"effect"} if part(path) == "process" else set()) if part(path) in PURE else ALLOWED.get(part(path))
    if allowed is not None:
        assert imports(path) <= allowed, f"{path.name} imports {imports(path) - allowed}"


@pytest.mark.parametrize("folder", sorted(PURE))
def test_pure_parts_do_not_plot_or_know_paths(folder):
    for path in (PACKAGE / folder).rglob("*.py"):
        text = path.read_text("utf-8")
        for word in ("matplotlib", "seaborn", "analysis.store", "studies/", "reports/"):
            assert word not in text, f"{path.name}: {word}"


def study_words() -> set[str]:
    """Names that are true of one study only: studies, units, and raw columns that no instrument shares."""
    words = set()
    for folder in (ROOT / "studies").iterdir():
        if (folder / "levels.csv").exists():
            levels = pd.read_csv(folder / "levels.csv", dtype=str, keep_default_na=False)
            words |= set(levels.loc[levels["set"] == "unit", "level"]) | set(
                levels.loc[levels["set"] == "unit", "label_en"]
            )
            words.add(folder.name)
    return {word for word in words if word != "help"}


def test_no_study_stands_in_the_code():
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(study_words()))) + r")\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(PACKAGE)}: {match[0]}"
        for path in [*MODULES, *PACKAGE.rglob("*.yaml")]
        if part(path) != "synthetic"
        for match in [pattern.search(path.read_text("utf-8"))]
        if match
    ]
    assert not found


def functions() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (f"{path.relative_to(PACKAGE)}:{node.name}", node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def body_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    doc = node.body[0] if ast.get_docstring(node) else None
    return node.end_lineno - node.lineno + 1 - ((doc.end_lineno - doc.lineno + 1) if doc else 0)


def test_functions_are_short():
    long = {name: body_lines(node) for name, node in functions() if body_lines(node) > 40}
    assert not long
    lengths = sorted(body_lines(node) for _, node in functions())
    assert lengths[len(lengths) // 2] <= 12


def test_public_functions_have_docstrings_and_types():
    bare = [
        name
        for name, node in functions()
        if not node.name.startswith("_") and not ast.get_docstring(node) and _top_level(name)
    ]
    assert not bare


def _top_level(name: str) -> bool:
    path, function = name.split(":")
    tree = ast.parse((PACKAGE / path).read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)


def test_no_module_with_an_empty_name():
    refused = {"utils", "util", "helpers", "misc", "common", "old"}
    assert not [path for path in MODULES if set(path.relative_to(PACKAGE).with_suffix("").parts) & refused]


def test_importing_a_pure_part_is_cheap():
    """`import analysis.effect` must not cost statsmodels, matplotlib or networkx."""
    import subprocess
    import sys

    code = f"import sys, {', '.join(f'analysis.{name}' for name in sorted(PURE))}; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"statsmodels", "matplotlib", "networkx", "papermill"} & set(re.findall(r"'(\w+)'", loaded))
