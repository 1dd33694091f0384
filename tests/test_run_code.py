"""What counts as a notebook's code: exactly the files whose change can change it, found without running anything."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analysis
from analysis.run.code import Imports

PACKAGE = Path(analysis.__file__).parent
FILES = {
    "__init__.py": "",
    "store.py": "from pkg.study import x",
    "study.py": "x = 1",
    "lone.py": "def f():\n    from pkg import deep\n    return deep.inner.value",
    "dynamic.py": "from importlib import import_module\nimport_module('pkg.study')",
    "texts.yaml": "a: 1",
    "lazy/__init__.py": "_MODULES = {'near': 'one two', 'far': 'three', 'same': 'same'}",
    "lazy/near.py": "from pkg.lazy.far import three",
    "lazy/far.py": "from ..study import x",
    "lazy/same.py": "",
    "deep/__init__.py": "from . import inner",
    "deep/inner.py": "",
    "deep/other.py": "",
    "deep/words/nl.yaml": "",
    "deep/words/more/table.csv": "",
    "deep/notes.md": "",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("code") / "pkg"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


TOP = {"__init__.py", "texts.yaml"}
LAZY = TOP | {"lazy/__init__.py"}
DEEP = {"deep/__init__.py", "deep/inner.py", "deep/words/nl.yaml", "deep/words/more/table.csv"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pandas as pd", set()),
        ("from pkg import store", TOP | {"store.py", "study.py"}),
        ("import pkg.store", TOP | {"store.py", "study.py"}),
        ("from pkg import lazy\nlazy.three(1)", LAZY | {"lazy/far.py", "study.py"}),
        ("from pkg import lazy\nlazy.one(1)", LAZY | {"lazy/near.py", "lazy/far.py", "study.py"}),
        ("from pkg import lazy as l\nl.same.x", LAZY | {"lazy/same.py"}),
        ("import pkg.lazy\npkg.lazy.same()", LAZY | {"lazy/same.py"}),
        ("from pkg.lazy import three", LAZY | {"lazy/far.py", "study.py"}),
        ("from pkg.lazy import *", LAZY | {"lazy/near.py", "lazy/far.py", "lazy/same.py", "study.py"}),
        ("from pkg import lazy\nf(lazy)", LAZY | {"lazy/near.py", "lazy/far.py", "lazy/same.py", "study.py"}),
        ("from pkg import lone", TOP | DEEP | {"lone.py"}),
        ("from pkg import deep", TOP | DEEP),
        ("from pkg import deep\ndeep.other.x", TOP | DEEP | {"deep/other.py"}),
        ("from pkg import dynamic", TOP | {"dynamic.py", "study.py"}),
        ("from pkg import nothing_there", TOP),
        ("from elsewhere import pkg", set()),
        ("%matplotlib inline\nfrom pkg import store", set()),
    ],
)
def test_the_files_of_an_import(package, source, expected):
    found = {path.relative_to(package).as_posix() for path in Imports(package).used_by([source])}
    assert found == expected


def test_a_name_imported_in_one_cell_is_seen_in_another(package):
    found = Imports(package).used_by(["from pkg import lazy", "lazy.three()"])
    assert package / "lazy/far.py" in found and package / "lazy/near.py" not in found


def test_a_module_counts_itself_and_one_from_elsewhere_counts_nothing(package):
    assert package / "study.py" in Imports(package).used_by_module("pkg.store")
    assert Imports(package).used_by_module("json") == frozenset()


@given(
    st.lists(st.sampled_from(["store", "lazy", "lone", "deep", "dynamic"]), max_size=4), st.sampled_from(sorted(FILES))
)
def test_using_more_never_means_fewer_files(package, modules, more):
    smaller = Imports(package).used_by([f"from pkg import {name}" for name in modules])
    larger = Imports(package).used_by([*(f"from pkg import {name}" for name in modules), "from pkg import deep"])
    assert smaller <= larger


def test_the_package_itself_is_read_within_a_second_and_a_change_measure_does_not_use_costs():
    found = Imports(PACKAGE).used_by(["from analysis import effect\neffect.mixed_change"])
    names = {path.relative_to(PACKAGE).as_posix() for path in found}
    assert "effect/change.py" in names and "_lazy.py" in names
    assert not any(name.startswith(("run/", "process/", "publish/")) for name in names)
