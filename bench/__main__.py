"""Run all benchmarks and print what they found: ``make bench``, or ``python -m bench stages`` for a part."""

import argparse
import os
import sys

from bench import networks, stages, through_queue
from workers.configuration import weights_folder

PARTS = {"stages": stages.report, "networks": networks.report, "queue": through_queue.report}


def main() -> int:
    """Print each part's report as it comes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"which of {', '.join(PARTS)}; all when none is named")
    asked = parser.parse_args().parts or list(PARTS)
    if unknown := set(asked) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start. Ratios: median [interval] coverage.")
    for part in asked:
        print(f"\n{part}", flush=True)
        for line in PARTS[part](weights_folder()):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
