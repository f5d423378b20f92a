"""Runs two sides in turn, A B A B ..., and compares them pair by pair."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass
class Side:
    """A process that works once per line it is sent."""

    name: str
    folder: Path
    size: int
    answers: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Side:
        command = [sys.executable, "-m", "core.bench.side", self.name, str(self.folder), str(self.size)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- a module of ours
        self._expect_ready()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(60)

    def _expect_ready(self) -> None:
        if self._read() != "ready":
            raise RuntimeError(f"{self.name} did not start")

    def _read(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"{self.name} ended early")
        return line.strip()

    def work(self, *, counts: bool = True) -> None:
        """Have it work once; `counts` False is a warm-up."""
        if self.process.stdin is None:
            raise RuntimeError(f"{self.name} has no input")
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = json.loads(self._read())
        if counts:
            self.answers.append(answer)

    def middle(self, name: str = "seconds") -> float:
        return float(median(answer[name] for answer in self.answers))


@dataclass(frozen=True)
class Ratio:
    """Ours against a yardstick: the median of the ratios of each pair of runs."""

    ours: float
    yardstick: float
    ratio: float
    growth_mb: float
    facts: dict[str, Any]


def compare(ours: tuple[str, int], yardstick: tuple[str, int], folder: Path, *, rounds: int = 5, warm_up: int = 1) -> Ratio:
    """Measure both in turn; (name of the side, size) each."""
    with Side(ours[0], folder, ours[1]) as one, Side(yardstick[0], folder, yardstick[1]) as other:
        for number in range(-warm_up, rounds):
            for side in (one, other):
                side.work(counts=number >= 0)
        pairs: Sequence[float] = [a["seconds"] / b["seconds"] for a, b in zip(one.answers, other.answers, strict=True)]
        return Ratio(one.middle(), other.middle(), float(median(pairs)), max(a["growth_mb"] for a in one.answers), one.answers[-1])
