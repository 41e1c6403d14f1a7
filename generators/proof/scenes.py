"""One test of an alert: what is fed in, and at which moments who must fire. In: phases of inputs. Out: a UnitTest that looks at the
alert just before and just after everything that happens to it, with labels and annotations as the Plan has them."""

from __future__ import annotations

from collections.abc import Sequence

from generators.ir.tests import AlertCase, ExpectedAlert, ExprCase, UnitTest
from generators.plan import Alert
from generators.proof.flows import Phase, Play, play, written
from generators.proof.lifecycle import Course, courses
from generators.proof.meaning.columns import Unforeseen
from generators.proof.words import Moment, Words
from generators.record import dataclass

CHECKS = 12
"""Moments that one test looks at, at most; what flaps more often is looked at this often."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A played test and what becomes of the alert in it."""

    words: Words
    play: Play
    courses: tuple[Course, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, words: Words, step: int, phases: Sequence[Phase]) -> Scene:
        """Play the phases for the alert whose words they are. Raises Unforeseen."""
        played = play(phases, step)
        ends, total = [], 0
        for phase in phases:
            total += phase.samples
            ends.append(total - 1)
        return cls(words, played, courses(words.alert, played.store), tuple(ends))

    @property
    def alert(self) -> Alert:
        return self.words.alert

    def fires(self, step: int) -> bool:
        """Whether anything fires at this step."""
        return any(course.firing[step] for course in self.courses)

    def fires_in(self, phase: int) -> bool:
        """Whether anything fires at the end of a phase."""
        return self.fires(self.ends[phase])

    def courses_alike(self, other: Scene) -> bool:
        """Whether exactly the same fires at the same steps, with the same values."""
        mine, theirs = ({frozenset(it.labels.items()): (it.firing, it.values) for it in one.courses} for one in (self, other))
        return mine == theirs

    def turns(self) -> list[int]:
        """The first step of each state but the first, over all series."""
        return sorted(
            {
                step
                for course in self.courses
                for step in range(1, len(course.firing))
                if course.firing[step] != course.firing[step - 1]
            }
        )

    def test(self, title: str, extra: Sequence[int] = ()) -> UnitTest:
        """The test: just before and just after each turn, at the end, and at the `extra` steps."""
        turns = self.turns()
        turns = turns if len(turns) <= CHECKS // 2 else [*turns[: CHECKS // 2 - 1], turns[-1]]
        steps = sorted({*(step for turn in turns for step in (turn - 1, turn)), *extra, self.ends[-1]})
        try:
            alerts = tuple(AlertCase(self.alert.name, self._seconds(step), self._expected(step)) for step in steps)
            exprs: tuple[ExprCase, ...] = ()
            unsaid = ""
        except Unforeseen as why:
            unsaid, alerts = str(why), ()
            exprs = tuple(ExprCase(self._shown, self._seconds(step), self._firing(step)) for step in steps)
        name = f"{self.alert.name} {title}"
        return UnitTest(name, self.play.store.step, self.play.series, alerts, exprs, unsaid=unsaid, where=self.alert.where)

    def _seconds(self, step: int) -> int:
        return step * self.play.store.step

    def _expected(self, step: int) -> tuple[ExpectedAlert, ...]:
        return tuple(self._alert(course, step) for course in self.courses if course.firing[step])

    def _alert(self, course: Course, step: int) -> ExpectedAlert:
        seen = course.seen[step]
        value = course.values[seen]
        assert value is not None
        told = self.words.at(Moment(self.play.store, seen, course.series, value))
        return ExpectedAlert(dict(sorted(course.labels.items())), told)

    @property
    def _shown(self) -> str:
        return f'ALERTS{{alertname="{self.alert.name}", alertstate="firing"}}'

    def _firing(self, step: int) -> tuple[tuple[str, str], ...]:
        extra = {"alertname": self.alert.name, "alertstate": "firing"}
        return tuple((written("ALERTS", {**course.labels, **extra}), "1") for course in self.courses if course.firing[step])
