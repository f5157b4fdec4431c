"""A module fits in a reader's head, a function on a screen."""

import ast
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("webapp", "workers", "ml", "deploy", "bench")
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
FOUND = chain.from_iterable((ROOT / room).rglob("*.py") for room in ROOMS)
MODULES = sorted(path for path in FOUND if "node_modules" not in path.parts)
WRITTEN = [path for path in MODULES if "migrations" not in path.parts]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"
