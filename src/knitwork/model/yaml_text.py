"""From YAML text to its nodes, whatever the text: what would nest or multiply without end is refused first."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml's own reader, ten times as quick, where it was built in.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# No definition of ours nests deeper. Composing calls itself for each level, which ends the process when they are many.
DEEPEST = 24
# The longest definition has some 5,000 characters.
LONGEST = 1 << 19


class NotYaml(ValueError):
    """Say what is wrong with a text, and where: line and column count from 1; 0 where no place is known."""

    def __init__(self, problem: str, mark: Any = None) -> None:
        """Keep the sentence and the place."""
        super().__init__(problem)
        self.problem = problem
        self.line: int = mark.line + 1 if mark else 0
        self.column: int = mark.column + 1 if mark else 0


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of a text, None where it holds nothing; raises NotYaml and nothing else.

    An alias (*name) is refused: ten lines of them stand for more values than any memory holds.
    """
    if len(text) > LONGEST:
        raise NotYaml(f"it has more than {LONGEST:,} characters, which no definition has")
    try:
        _look_through(text)
        found: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise NotYaml(f"this is not YAML: {error.problem}", error.problem_mark) from None
    except (yaml.YAMLError, UnicodeError):
        raise NotYaml("it holds signs that YAML does not allow") from None
    return found


def _look_through(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise NotYaml("an alias (*) is not read here: write the value itself", event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise NotYaml("this is nested too deep", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
