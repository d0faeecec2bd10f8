"""The command line: `mpo COMMAND`, or `python -m mpo COMMAND`.

Every fault in the input is one line and exit 2.
"""

import atexit
import gc
import logging
import re
import sys
from collections.abc import Sequence

import click

from mpo.commands import (
    InputError,
    beginning,
    checking,
    cleaning,
    crate,
    external,
    lists,
    merging,
    policies,
    reporting,
    results,
    tasks,
    timing,
    training,
    verification,
)
from mpo.settings import OptionError, SettingsError
from mpo.study.yaml_files import ConfigError

CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100}
COMMANDS = (
    training.train,
    external.external,
    policies.evaluate,
    policies.render,
    policies.export,
    lists.variants,
    lists.settings,
    lists.status,
    tasks.task,
    timing.benchmark,
    results.compare,
    results.power,
    reporting.report,
    verification.verify,
    cleaning.clean,
    merging.merge,
    crate.crate,
    beginning.init,
    checking.check,
)


@click.group(context_settings=CONTEXT)
def cli() -> None:
    """Train, look at and compare runs of Maximum a Posteriori Policy Optimisation."""
    logging.basicConfig(format="mpo: %(message)s", level=logging.WARNING, stream=sys.stderr)
    _silence_pytorch()
    # or the interpreter's last look for garbage goes through all of PyTorch, a second of processor
    # time, in which a run that was asked to stop has stopped but is still there
    atexit.register(gc.freeze)


def _silence_pytorch() -> None:
    """What PyTorch deprecates in itself is nobody's concern, nor that updates round as float32.

    Its compiler undoes usual filters.
    """
    logging.captureWarnings(True)
    own = re.compile(r"/torch/.*((Deprecation|Future)Warning: |TensorFloat32)")
    logging.getLogger("py.warnings").addFilter(lambda record: not own.search(record.getMessage()))


for command in COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status (0 done, 2 a fault in the input)."""
    try:
        cli.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except (ConfigError, OptionError, SettingsError) as error:
        InputError(str(error)).show()
        return InputError.exit_code
    except OSError as error:
        InputError(f"{error.filename or ''}: {error.strerror or error}").show()
        return InputError.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return InputError.exit_code
    except click.UsageError as error:
        InputError(error.format_message()).show()
        return InputError.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
