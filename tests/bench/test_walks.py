"""A search is read within a few files, and the tool that says so counts what is entered."""

import re
import subprocess
import sys

from bench.walks import ROOT, walked
from webapp.foundation.core.request_params import int_param

#: Those of the search itself, and three that every program's request enters: headers of the answer, and the sign-in.
MOST = 7 + 3


def test_a_walk_counts_the_files_and_functions_of_ours_that_were_entered() -> None:
    with walked() as walk:
        assert [int_param(words) for words in ("1", "2")] == [1, 2]
        re.compile("of another house")
    int_param("3")
    ((name, functions),) = walk.files.items()
    assert (name, len(functions)) == ("webapp/foundation/core/request_params.py", 1)


def test_a_search_is_read_within_a_few_files() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench.walks", "qido"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    first, *files = told.splitlines()
    assert re.match(rf"qido: {len(files)} files, \d+ functions", first)
    assert any(line.endswith("webapp/exchange/dicomweb/qido.py") for line in files)
    assert len(files) <= MOST, told
