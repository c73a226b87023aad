"""`make faults PUBLISH=1`: the results section of docs/faults.md, from the report lines that were kept."""

from collections import defaultdict

from kernel.dev.layout import ROOT
from tests.faults.report import Line, bound, kept

PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- results -->", "<!-- end -->"
HEAD = ("| row | what | commit | seeds | trials passed | N | lost | doubled | reordered | ack p50/p99 ms | "
        "recovery p50/max s | its own figures, last trial |")  # fmt: skip


def publish() -> int:
    """Rewrite the section; only full trials are published, of each row those of its last commit."""
    lines = [line for line in kept() if not line.short]
    if not lines:
        print("there are no results of full trials yet: run `make faults`")
        return 1
    before, rest = PAGE.read_text().split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    PAGE.write_text(before + BEGIN + "\n" + section(lines) + END + after)
    print(f"{len(lines)} trials are in {PAGE.name}")
    return 0


def section(lines: list[Line]) -> str:
    """The machine and versions, a line for each row, and the sum."""
    rows: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        rows[line.row].append(line)
    latest = {n: _of_last_commit(found) for n, found in sorted(rows.items())}
    facts = lines[-1].about
    said = [
        f"{facts['date']}; {facts['cores']} cores, Python {facts['python']}, "
        f"MongoDB {facts['mongod']}, Redis {facts['redis']}, Celery {facts['celery']}, "
        f"PyMongo {facts['pymongo']}, granian {facts['granian']}.",
        "", HEAD, "|" + "---|" * HEAD.count(" | ") + "---|",
        *(_row(n, found) for n, found in latest.items()), "", _sum(latest), "",
    ]  # fmt: skip
    return "\n".join(said)


def _of_last_commit(found: list[Line]) -> list[Line]:
    return [line for line in found if line.about.get("commit") == found[-1].about.get("commit")]


def _row(number: int, found: list[Line]) -> str:
    total = sum(line.items for line in found)
    seeds = sorted({line.seed for line in found})
    shown = f"{seeds[0]}–{seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    figures = "; ".join(f"{name} {value}" for name, value in found[-1].figure.items())
    worst = max(found, key=lambda line: line.p99_ms)
    recovery = (
        f"{max(line.recovery_p50_s for line in found)}/{max(line.recovery_max_s for line in found)}"
    )
    return (
        f"| {number} | {found[-1].name} | {found[-1].about['commit']} | {shown} | {sum(line.passed for line in found)} of {len(found)} "
        f"| {total:,} | {bound(sum(line.lost for line in found), total)} "
        f"| {sum(line.dup for line in found)} | {sum(line.inv for line in found)} "
        f"| {worst.p50_ms}/{worst.p99_ms} | {recovery} | {figures} |"
    )


def _sum(latest: dict[int, list[Line]]) -> str:
    every = [line for found in latest.values() for line in found]
    acked, items = sum(line.acked for line in every), sum(line.items for line in every)
    return (
        f"Together: {sum(line.passed for line in every)} of {len(every)} trials passed; {items:,} items "
        f"in {sum(line.seconds for line in every) / 60:.0f} minutes, {acked:,} of them acknowledged; "
        f"lost {bound(sum(line.lost for line in every), acked)}, "
        f"doubled {bound(sum(line.dup for line in every), items)}, "
        f"reordered {bound(sum(line.inv for line in every), items)}."
    )
