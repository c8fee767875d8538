"""What is wrong with a configuration, one line per problem."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to put right: where (file, line from 1, dotted key as written), what, and the likely spellings."""

    file: str
    line: int
    key: str
    sentence: str
    suggestions: tuple[str, ...] = ()

    def __str__(self) -> str:
        guess = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        return f"{self.file}:{self.line}: {self.key}: {self.sentence}{guess}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSecret(Problem):
    """A secret that the file refers to and that is not there: an unset `variable`, or an unusable `secret_file`."""

    variable: str | None = None
    secret_file: str | None = None


class ConfigurationError(Exception):
    """A configuration that cannot be used; `problems` in the order of the file, the text is one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.key, problem.sentence)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def missing_secrets(self) -> tuple[MissingSecret, ...]:
        """The problems that are only about secrets which are not set."""
        return tuple(problem for problem in self.problems if isinstance(problem, MissingSecret))
