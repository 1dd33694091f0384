"""Reading the YAML files of people and of the package, by libyaml where it is there: several times faster."""

from typing import IO, Any


def read_yaml(text: str | IO[str]) -> Any:
    """The content of YAML as plain values, lists and dicts. Raises `yaml.YAMLError`, which knows the line at fault."""
    import yaml

    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
