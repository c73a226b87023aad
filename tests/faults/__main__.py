"""`python -m tests.faults`: what `make faults` calls."""

import argparse
import signal
import sys
from collections.abc import Sequence

from tests.faults.rows import load_rows
from tests.faults.running import run_all


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _carry_out(options)
    except KeyboardInterrupt:
        return 130


def _carry_out(options: argparse.Namespace) -> int:
    if options.publish:
        from tests.faults.publish import publish

        return publish()
    if options.controls:
        from tests.faults.controls import run_controls

        return run_controls(options.control.split(",") if options.control else None)
    known = load_rows()
    asked = [int(n) for n in options.row.split(",") if n.strip()]
    unknown = [n for n in asked if n not in known]
    if unknown:
        print(f"no such row: {unknown}; there are {', '.join(map(str, known))}", file=sys.stderr)
        return 2
    rows = [
        r
        for n, r in known.items()
        if n in asked or (not asked and (r.in_short or not options.short))
    ]
    seeds = range(options.seed, options.seed + options.n)
    return run_all(rows, seeds, short=options.short, scale=options.scale)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--row", default="", help="numbers of rows, comma-separated; all without it"
    )
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--n", type=int, default=1, help="how many seeds, one after the other (1)")
    parser.add_argument(
        "--short", action="store_true", help="the version for continuous integration"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the counts of row 29")
    parser.add_argument("--controls", action="store_true", help="the negative controls")
    parser.add_argument("--control", default="", help="only these controls, for example I3,I10")
    parser.add_argument(
        "--publish", action="store_true", help="write the results into docs/faults.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
