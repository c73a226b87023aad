"""`python -m tests.bench [--quick] [--only a,c] [--data FOLDER] [--publish] [--again]`: `make bench`."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kernel.dev.errors import CannotStart
from kernel.dev.layout import ROOT, DataFolder
from tests.bench import acknowledged, fairness, lists, pages, readable, report, sends, starting
from tests.bench.arena import Arena
from tests.bench.errors import Failed
from tests.bench.figures import Findings
from tests.bench.kept import Kept, code_mark
from tests.bench.machine import described
from tests.bench.sizes import FULL, PARTS, QUICK, Sizes

MEASURES: dict[str, Callable[[Arena], Findings]] = {
    "a": acknowledged.measure,
    "b": readable.measure,
    "c": lists.measure,
    "d": sends.measure,
    "e": starting.measure,
    "f": fairness.measure,
    "g": pages.measure,
}
# Those that share a stack first; the others have the machine to themselves.
ORDER, SHARING = "abdfceg", "abdf"


def main(arguments: Sequence[str]) -> int:
    """0 when all that was asked for was measured, whether bars were met or not; else 1."""
    options = _parser().parse_args(arguments)
    data = (ROOT / options.data).resolve()
    sizes = QUICK if options.quick else FULL
    try:
        with DataFolder.at(data).lock():
            return _run(data, sizes, options)
    except CannotStart as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; finished parts are kept, the same command goes on", file=sys.stderr)
        return 130


def _run(data: Path, sizes: Sizes, options: argparse.Namespace) -> int:
    arena, kept = Arena(data, sizes), Kept(data, sizes, code_mark())
    wanted = options.only or list(sizes.parts)
    _announce(arena, kept, wanted, again=options.again)
    failed = []
    try:
        for part in sorted(wanted, key=ORDER.index):
            if options.again or kept.read(part) is None:
                failed += _measure(arena, kept, part)
    finally:
        arena.close()
    found = [each for part in wanted if (each := kept.read(part))]
    facts = described(data)
    print("\n" + "\n".join(f"{name:<23} {value}" for name, value in facts))
    print(f"{'sizes':<23} {sizes.name}\n\n{report.table(found)}")
    if options.publish:
        report.publish(found, facts, sizes.name)
        print(f"\npublished in {report.PAGE.relative_to(ROOT)}")
    return 1 if failed else 0


def _measure(arena: Arena, kept: Kept, part: str) -> list[str]:
    """Measure and keep one part; its name if it could not be measured."""
    arena.part, began = part, time.monotonic()
    if part not in SHARING:
        arena.close()
    arena.say(PARTS[part])
    try:
        findings = MEASURES[part](arena)
    except (Failed, CannotStart) as error:
        arena.say(f"could not be measured: {error}")
        return [part]
    kept.write(findings, time.monotonic() - began)
    arena.say(f"done in {time.monotonic() - began:.0f} s")
    return []


def _announce(arena: Arena, kept: Kept, wanted: Sequence[str], *, again: bool) -> None:
    """What will be done, and how long it takes: as long as last time, if there was one."""
    print(f"benchmark, {arena.sizes.name} sizes, data in {arena.data.name}/")
    for part in wanted:
        if not again and kept.read(part):
            took = "kept from before (AGAIN=1 measures anew)"
        elif (seconds := kept.seconds(part)) is not None:
            took = f"{seconds:.0f} s last time"
        else:
            took = f"about {arena.sizes.estimates[part]}"
        print(f"  {part}  {PARTS[part]:<55} {took}")
    print(flush=True)


def _parts(text: str) -> list[str]:
    parts = [part for part in text.replace(" ", "").split(",") if part]
    if not set(parts) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"parts are {', '.join(PARTS)}")
    return sorted(set(parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts, under three minutes")
    parser.add_argument("--only", type=_parts, help="some parts, for example a,c")
    parser.add_argument("--data", default=".data-bench", help="where data and results are kept")
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--again", action="store_true", help="also measure what is kept")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
