"""Where each key of a TOML text stands: the standard parser gives values only, people need lines.

The text has been accepted by `tomllib` before, so the scan trusts its grammar. https://toml.io/en/v1.0.0
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPE: Final = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfr"\\e])')
_ESCAPED: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}


@dataclass(frozen=True, slots=True)
class Positions:
    """Lines (from 1) of every key, table header and array element, by path with array indexes as numbers."""

    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Give the line of a path, or of the nearest table around it; 1 when nothing of it is written."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 1

    def written(self, path: KeyPath) -> bool:
        """Say whether exactly this path stands in the file."""
        return path in self.lines


def scan(text: str) -> Positions:
    """Find the line of every key in a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return Positions(scanner.lines)


def dotted(path: KeyPath) -> str:
    """Write a path as a user writes it: dots between keys, quotes where TOML needs them, no array indexes."""
    names = [part for part in path if isinstance(part, str)]
    return ".".join(name if _BARE.fullmatch(name) else '"' + name.replace('"', '\\"') + '"' for name in names)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line_number = 1
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip_blank():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line = self.line_number
        self._forward()
        is_array = self._peek() == "["
        if is_array:
            self._forward()
        keys = self._keys()
        self._forward(2 if is_array else 1)
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            last = position == len(keys) - 1
            if path in self.array_lengths and not (last and is_array):
                path = (*path, self.array_lengths[path] - 1)
            self.lines.setdefault(path, line)
        if is_array:
            index = self.array_lengths.get(path, 0)
            self.array_lengths[path] = index + 1
            path = (*path, index)
        self.lines[path] = line
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self.line_number
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._skip_spaces()
        self._forward()  # the equals sign
        self._skip_spaces()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        first = self._peek()
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._string()
        else:
            while self._peek() not in {"", ",", "]", "}", "#", "\n"}:
                self._forward()

    def _array(self, path: KeyPath) -> None:
        self._forward()
        index = 0
        while self._skip_blank() and self._peek() != "]":
            if self._peek() == ",":
                self._forward()
                continue
            self.lines[*path, index] = self.line_number
            self._value((*path, index))
            index += 1
        self._forward()

    def _inline_table(self, path: KeyPath) -> None:
        self._forward()
        while self._skip_blank() and self._peek() != "}":
            if self._peek() == ",":
                self._forward()
            else:
                self._pair(path)
        self._forward()

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip_spaces()
            if self._peek() in {'"', "'"}:
                keys.append(self._string())
            else:
                found = _BARE.match(self.text, self.at)
                name = found[0] if found else ""
                self._forward(len(name))
                keys.append(name)
            self._skip_spaces()
            if self._peek() != ".":
                return keys
            self._forward()

    def _string(self) -> str:
        quote = self._peek()
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self._forward(len(fence))
        begin = self.at
        while not self.text.startswith(fence, self.at):
            self._forward(2 if quote == '"' and self._peek() == "\\" else 1)
        while self.text.startswith(fence, self.at + 1) and len(fence) > 1:
            self._forward()  # up to two quotes may stand before the closing fence
        raw = self.text[begin : self.at]
        self._forward(len(fence))
        return _ESCAPE.sub(_unescape, raw) if quote == '"' else raw

    def _skip_spaces(self) -> None:
        while self._peek() in {" ", "\t"}:
            self._forward()

    def _skip_blank(self) -> bool:
        """Skip spaces, line ends and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self._peek() in {" ", "\t", "\n"}:
                self._forward()
            elif self._peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return True
        return False

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _forward(self, steps: int = 1) -> None:
        self.line_number += self.text.count("\n", self.at, self.at + steps)
        self.at += steps


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if code[0] in "uU" else _ESCAPED[code]
