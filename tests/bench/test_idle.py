"""What is idle is told apart from what is not, and from its children."""

import subprocess
import sys

import psutil

from bench.idle import watched

SLEEPS = "import time; time.sleep(60)"
# Starts a child that works and ends, once it reads a line.
ENDS = "import subprocess, sys; input(); subprocess.run([sys.executable, '-c', 'sum(range(10**7))'])"
# Its child does the work.
WORKS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


def test_a_service_is_told_with_its_children() -> None:
    words = {"sleeps": SLEEPS, "works": WORKS}
    running = {name: psutil.Popen([sys.executable, "-c", code]) for name, code in words.items()}
    try:
        rows = [row.strip("| ").split(" | ") for row in watched(running, seconds=2)]
    finally:
        for leader in running.values():
            for process in [*leader.children(recursive=True), leader]:
                process.kill()
            leader.wait()
    assert [(name, processes) for name, _, _, processes in rows] == [("sleeps", "1"), ("works", "2")]
    idle, busy = (float(percent) for _, percent, _, _ in rows)
    assert idle < busy
    assert all(int(megabytes) > 0 for _, _, megabytes, _ in rows)


def test_the_work_of_a_child_that_ended_meanwhile_counts() -> None:
    leader = psutil.Popen([sys.executable, "-c", f"{ENDS}; {SLEEPS}"], stdin=subprocess.PIPE)
    try:
        watching = watched({"one": leader}, seconds=4)
        assert leader.stdin is not None
        leader.stdin.write(b"now\n")
        leader.stdin.close()
        (row,) = watching
    finally:
        leader.kill()
        leader.wait()
    assert float(row.split(" | ")[1]) > 0
