"""In which order runs are trained."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from ml.lab.train.config import Config


def in_order(configs: Sequence[Config]) -> list[Config]:
    """Put runs behind those that they start from; the given order otherwise.

    Raises
    ------
    ValueError
        If two runs have one name, or start from each other in a circle.
    """
    by_key = {config.key: config for config in configs}
    if len(by_key) != len(configs):
        raise ValueError("two configurations have the same name and version")
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for key, config in by_key.items():
        sorter.add(key, *([config.start_key] if config.start_key in by_key else []))
    try:
        return [by_key[key] for key in sorter.static_order()]
    except CycleError as error:
        raise ValueError(f"runs start from each other: {' from '.join(error.args[1])}") from error
