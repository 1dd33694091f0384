"""Packages whose public names are imported when first used: `import analysis.effect` must not cost statsmodels."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy(package: str, modules: Mapping[str, str]) -> tuple[Callable, Callable, list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of `package`, whose `modules` map a module to its public names (PEP
    562).
    """
    home = {name: module for module, names in modules.items() for name in names.split()}

    def getattr_(name: str):
        if name in home:
            return getattr(import_module(f"{package}.{home[name]}"), name)
        if name in modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"{package} has no {name!r}; it has {', '.join(sorted(home))}")

    return getattr_, lambda: sorted([*home, *modules]), sorted(home)
