"""`python -m kernel.dev run | test | check`: what the Makefile calls."""

import argparse
import sys
from collections.abc import Sequence

from kernel.dev import suite
from kernel.dev.errors import CannotStart
from kernel.dev.run import run


def main(arguments: Sequence[str]) -> int:
    """Carry out one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _carry_out(options)
    except CannotStart as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _carry_out(options: argparse.Namespace) -> int:
    if options.command == "run":
        return run(port=options.port, data=options.data)
    if options.command == "check":
        return suite.check()
    return suite.test(options.pytest, with_checks=not options.skip_checks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kernel.dev", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("run", help="start everything and keep it running")
    start.add_argument("--port", type=int, default=8000, help="the web's port (8000)")
    start.add_argument("--data", default=".data", help="the data folder (.data)")
    commands.add_parser("check", help="linters, types, layers, migrations, OpenAPI")
    test = commands.add_parser("test", help="the checks and the tests")
    test.add_argument("--skip-checks", action="store_true", help="only the tests")
    test.add_argument("pytest", nargs="*", metavar="ARG", help="arguments of pytest, after --")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
