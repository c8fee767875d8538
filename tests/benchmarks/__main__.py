"""Runs every benchmark, or those named: ``python -m tests.benchmarks [--json] [--quick] [NAME …]``."""

import argparse
import json
import sys

from tests.benchmarks import deadlines, relay, report, slack_intake
from tests.benchmarks.measuring import heading

_ALL = {
    "intake": slack_intake.measure,
    "relay": relay.measure,
    "deadlines": deadlines.measure,
    "report": report.measure,
}


def main() -> int:
    """Measure; 0 if every invariant held, whatever the figures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*_ALL, []], default=[])
    parser.add_argument("--json", action="store_true", help="print the raw figures as JSON")
    parser.add_argument("--quick", action="store_true", help="one small round of each: only to see that it runs")
    asked = parser.parse_args()
    figures = [figure for name in asked.which or _ALL for figure in _ALL[name](quick=asked.quick)]
    if asked.json:
        sys.stdout.write(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")
    else:
        sys.stdout.write("\n".join([heading(), *(figure.line() for figure in figures), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
