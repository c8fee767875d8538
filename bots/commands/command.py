"""What every command shares: ``--debug``, and errors that are sentences with an exit code."""

import os
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand

from bots.printing import complain
from escalation.rulebook import UnknownAccountError
from escalation.settings import ConfigurationError
from models.database import SecondProcessError, StorageUnavailableError

FAILED: Final = 1
"""Refused or failed."""
USAGE: Final = 2
"""Wrong usage or a wrong configuration, a missing secret included."""
_DEBUG: Final = "portavoce.debug"


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A command that cannot be carried out, as a sentence that says what to do; ``code`` is the exit code."""

    def __init__(self, sentence: str, *, code: int = FAILED) -> None:
        """Keep sentence and code."""
        super().__init__(sentence)
        self.code = code


class HouseCommand(TyperCommand):
    """A command with ``--debug`` whose errors are told in one line each on standard error."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Add the option."""
        super().__init__(*arguments, **named)
        self.params.append(debug_option())

    def invoke(self, ctx: Any) -> Any:
        """Run the command and turn what went wrong into an exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it at exit says nothing
            raise typer.Exit(FAILED) from None
        except (ConfigurationError, Refused, StorageUnavailableError, SecondProcessError, UnknownAccountError) as error:
            if ctx.meta.get(_DEBUG):
                raise
            complain(str(error))
            code = error.code if isinstance(error, Refused) else FAILED
            raise typer.Exit(USAGE if isinstance(error, ConfigurationError) else code) from None
        except Exception as error:
            if ctx.meta.get(_DEBUG) or type(error).__module__.startswith(("typer", "click")):
                raise
            complain(
                f"something unexpected happened ({type(error).__name__}); run the command with --debug for the details"
            )
            raise typer.Exit(FAILED) from None


def debug_option() -> Any:
    """Return the option ``--debug``, which keeps its value in the context instead of handing it to the command."""
    bare = typer.Typer(add_completion=False)

    @bare.command()
    def _(debug: Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")] = False) -> None:
        """Exist for the option."""
        del debug

    option = typer.main.get_command(bare).params[0]
    option.expose_value = False
    option.callback = _remember
    return option


def _remember(ctx: Any, _: Any, value: bool) -> bool:
    ctx.meta[_DEBUG] = value
    return value
