"""Whether a pattern is one that Prometheus accepts: RE2 syntax, which has no look-around and no back-references.

In: a pattern. Out: whether it matches the empty string, or `RegexFault`. Python's `re` reads another language, hence this
small reader of the syntax in https://github.com/google/re2/wiki/Syntax."""

from __future__ import annotations

import functools
import re

from generators.promql.scripts import SCRIPTS


class RegexFault(ValueError):  # noqa: N818 - the house's word is fault
    """A pattern that Prometheus refuses, with Go's words for it."""


_PLAIN = re.compile(r"[A-Za-z0-9_ :/,;\-]+(?:\|[A-Za-z0-9_ :/,;\-]+)*")


@functools.lru_cache(maxsize=4096)
def check_regex(pattern: str) -> bool:
    """Whether the whole pattern matches the empty string; RegexFault when it is none."""
    if _PLAIN.fullmatch(pattern):
        return False
    if pattern in (".*", ".+"):
        return pattern == ".*"
    reader = _Reader(pattern)
    try:
        empty = reader.alternatives()
    except RecursionError:
        raise RegexFault("expression nests too deeply") from None
    if reader.at < len(pattern):
        raise RegexFault(f"unexpected ): `{pattern}`")
    return empty


# A count with a leading zero is none: `x{02}` are five characters.
_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(?:,(0|[1-9][0-9]*)?)?\}")
_FLAGS = re.compile(r"\(\?([imsU]*(?:-[imsU]+)?)([:)])")
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_NAME = re.compile(r"\(\?P?<([^>]*)>")
_CLASS_NAME = re.compile(r"\[:\^?(.*?):\]", re.DOTALL)
_HEX = re.compile(r"x(?:[0-9A-Fa-f]{2}|\{([0-9A-Fa-f]+)\})")
_UNICODE = re.compile(r"[pP](?:\{\^?([A-Za-z_ ]+)\}|([A-Za-z]))")
_POSIX = re.compile("alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit")
_CATEGORY = re.compile("Any|C[cfnos]?|L[Clmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
_MOST = 1000


class _Reader:
    """Reads one pattern from left to right; every method says whether what it read matches the empty string."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.weight = 1  # how often what was read last may repeat, repetitions within it multiplied

    def alternatives(self) -> bool:
        empty, heaviest = self._sequence(), self.weight
        while self.pattern.startswith("|", self.at):
            self.at += 1
            empty = self._sequence() or empty
            heaviest = max(heaviest, self.weight)
        self.weight = heaviest
        return empty

    def _sequence(self) -> bool:
        before, last, heaviest = True, True, 1
        some = False  # whether there is something a repetition could repeat
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            flags = _FLAGS.match(self.pattern, self.at)
            quoted = _QUOTED.match(self.pattern, self.at)
            silent = (flags is not None and flags[2] == ")") or (quoted is not None and not quoted[1])
            if flags is not None and silent:
                self.at = flags.end()
            elif quoted is not None:
                self.at = quoted.end()
            if not silent:
                before = before and last and (quoted is None or len(quoted[1]) == 1)
                self.weight = 1
                last, some = self._atom() if quoted is None else False, True
            # Flags and empty quotes stand between nothing: `a(?i)*` repeats the `a`.
            last = self._repeated(last) if some else last
            heaviest = max(heaviest, self.weight)
        self.weight = heaviest
        return before and last

    def _repeated(self, once: bool) -> bool:
        first = self.at
        repeats = 0
        while self.at < len(self.pattern):
            counted = _REPEAT.match(self.pattern, self.at)
            character = self.pattern[self.at]
            if character not in "*+?" and counted is None:
                break
            if repeats:
                raise RegexFault(f"invalid nested repetition operator: `{self.pattern[first : self.at + 1]}`")
            repeats = 1
            if counted:
                self._check_count(counted)
                self.at = counted.end()
                once = once or counted[1] == "0"
            else:
                self.at += 1
                once = once or character != "+"
            self.at += self.pattern.startswith("?", self.at)
        return once

    def _check_count(self, counted: re.Match[str]) -> None:
        # Eight digits are too many in any case, and Python refuses to read some thousands.
        least = int(counted[1][:8])
        most = int(counted[2][:8]) if counted[2] else least
        self.weight *= max(most, 1)
        if least > _MOST or self.weight > _MOST or most < least:
            raise RegexFault(f"invalid repeat count: `{counted[0]}`")

    def _atom(self) -> bool:
        character = self.pattern[self.at]
        if character == "(":
            return self._group()
        if character == "[":
            self._set()
            return False
        if character == "\\":
            return self._escape()
        if character in "*+?":
            raise RegexFault(f"missing argument to repetition operator: `{character}`")
        counted = _REPEAT.match(self.pattern, self.at)
        if counted:
            raise RegexFault(f"missing argument to repetition operator: `{counted[0]}`")
        self.at += 1
        return character in "^$"

    def _group(self) -> bool:
        flags = _FLAGS.match(self.pattern, self.at)
        name = _NAME.match(self.pattern, self.at)
        if flags:
            self.at = flags.end()
        elif name:
            self._check_name(name)
            self.at = name.end()
        elif self.pattern.startswith("(?", self.at):
            raise RegexFault(f"invalid or unsupported Perl syntax: `{self.pattern[self.at : self.at + 3]}`")
        else:
            self.at += 1
        empty = self.alternatives()
        if not self.pattern.startswith(")", self.at):
            raise RegexFault(f"missing closing ): `{self.pattern}`")
        self.at += 1
        return empty

    def _check_name(self, name: re.Match[str]) -> None:
        if not re.fullmatch(r"\w+", name[1], re.ASCII):
            raise RegexFault(f"invalid named capture: `{name[0]}`")

    def _escape(self) -> bool:
        following = self.pattern[self.at + 1 : self.at + 2]
        if following in ("A", "z", "b", "B"):
            self.at += 2
            return following != "b"
        if following == "C":
            raise RegexFault(r"invalid escape sequence: `\C`")
        self._literal_escape()
        return False

    def _literal_escape(self) -> None:
        """One character written as an escape, or a class such as \\d."""
        following = self.pattern[self.at + 1 : self.at + 2]
        if not following:
            raise RegexFault("trailing backslash at end of expression: ``")
        if following in "dDsSwWaftnrv" or (following.isascii() and not following.isalnum()):
            self.at += 2
            return
        hexadecimal = _HEX.match(self.pattern, self.at + 1)
        category = _UNICODE.match(self.pattern, self.at + 1)
        octal = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self.pattern, self.at + 1)
        if hexadecimal and int(hexadecimal[1] or "0", 16) <= 0x10FFFF:
            self.at = hexadecimal.end()
        elif category:
            self._check_category(category)
            self.at = category.end()
        elif octal:
            self.at = octal.end()
        else:
            raise RegexFault(f"invalid escape sequence: `\\{following}`")

    def _check_category(self, category: re.Match[str]) -> None:
        name = category[1] or category[2]
        if not _CATEGORY.fullmatch(name) and name not in SCRIPTS:
            raise RegexFault(f"invalid character class range: `\\{category[0]}`")

    def _set(self) -> None:
        start = self.at
        self.at += 1
        self.at += self.pattern.startswith("^", self.at)
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise RegexFault(f"missing closing ]: `{self.pattern[start:]}`")
            first = False
            posix = _CLASS_NAME.match(self.pattern, self.at)
            if posix:
                if not _POSIX.fullmatch(posix[1]):
                    raise RegexFault(f"invalid character class range: `{posix[0]}`")
                self.at = posix.end()
                continue
            begin = self.at
            low = self._member()
            following = self.pattern[self.at + 1 : self.at + 2]
            if low is not None and self.pattern.startswith("-", self.at) and following not in ("]", ""):
                self.at += 1
                high = self._member()
                if high is None or high < low:
                    raise RegexFault(f"invalid character class range: `{self.pattern[begin : self.at]}`")
        self.at += 1

    def _member(self) -> int | None:
        """One member of a set: its code point, or None for a class such as \\d."""
        character = self.pattern[self.at : self.at + 1]
        if not character:
            raise RegexFault(f"missing closing ]: `{self.pattern}`")
        if character != "\\":
            self.at += 1
            return ord(character)
        begin = self.at
        self._literal_escape()
        return _code_point(self.pattern[begin + 1 : self.at])


def _code_point(escape: str) -> int | None:
    if escape[0] in "dDsSwWpP":
        return None
    if escape[0] == "x":
        return int(escape[1:].strip("{}"), 16)
    if escape[0].isdigit():
        return int(escape, 8)
    return ord({"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}.get(escape, escape))
