"""The parser's place in the tokens of one expression. In: the text. Out: the token at hand, steps forward, and faults.

Grammar faults stop the reading (`stop`); faults of meaning are noted (`note`), so that all of them are told at once."""

from __future__ import annotations

from generators.promql.lexer import Token, tokens_of
from generators.promql.literals import BadEscape, unquote
from generators.promql.syntax import ParseFault, Span

_DESCRIPTIONS = {"eof": "end of input", "word": "identifier", "metric": "metric identifier", "inf": "number"}
_WITH_TEXT = frozenset({"word", "metric", "inf", "number", "duration", "string"})


class Cursor:
    """A place in a list of tokens."""

    __slots__ = ("_index", "_tokens", "faults", "features", "kind", "text", "token")

    def __init__(self, text: str, features: frozenset[str]) -> None:
        self.text = text
        self.features = features
        self.faults: list[ParseFault] = []
        self._tokens = tokens_of(text)
        self._index = 0
        self.token = self._tokens[0]
        self.kind = self.token.kind

    def step(self) -> Token:
        """The token at hand; the next one comes to hand."""
        token = self.token
        if token.kind not in ("eof", "error"):
            self._index += 1
            self.token = self._tokens[self._index]
            self.kind = self.token.kind
        return token

    def next_kind(self) -> str:
        """The kind of the token after the one at hand."""
        index = self._index + 1
        return self._tokens[index].kind if index < len(self._tokens) else "eof"

    def touches_paren(self) -> bool:
        """Whether an opening parenthesis follows the token at hand with nothing but blanks between."""
        index = self._index + 1
        if index >= len(self._tokens) or self._tokens[index].kind != "(":
            return False
        return not self.text[self.token.end : self._tokens[index].start].strip(" \t\r\n")

    def last_end(self) -> int:
        """Where the token before the one at hand ends."""
        return self._tokens[self._index - 1].end if self._index else 0

    def take(self, kind: str, context: str) -> Token:
        """The token at hand, which has to be of this kind."""
        if self.kind != kind:
            raise self.unexpected(context, f'"{kind}"')
        return self.step()

    def unexpected(self, context: str, expected: str = "") -> ParseFault:
        """The fault that the token at hand cannot stand here."""
        token = self.token
        if token.fault is not None:
            return token.fault
        what = f"unexpected {_described(token)} in {context}"
        fix = f"Expected here: {expected}." if expected else "Remove it, or complete what stands before it."
        return ParseFault(token.span, what + (f", expected {expected}" if expected else ""), fix)

    def note(self, span: Span, what: str, fix: str) -> None:
        """Notes a fault of meaning and reads on."""
        self.faults.append(ParseFault(span, what, fix))

    def string(self) -> tuple[str, Token]:
        """The value of the string at hand, which is passed."""
        token = self.step()
        refused = token.text.find("\ufffd")
        if refused >= 0:
            self.note(Span(token.start + refused, token.start + refused + 1), "invalid UTF-8 rune", r"Write it as \ufffd.")
        try:
            return unquote(token.text), token
        except BadEscape as fault:
            at = token.start + fault.at
            self.note(Span(at, at + 2), str(fault), r"Double the backslash, or use a raw string in backquotes.")
            return "", token


def _described(token: Token) -> str:
    if token.kind not in _WITH_TEXT:
        return _DESCRIPTIONS.get(token.kind, f'"{token.kind}"')
    text = token.text if len(token.text) <= 10 else token.text[:10] + "..."
    return f'{_DESCRIPTIONS.get(token.kind, token.kind)} "{text}"' if token.kind != "string" else f"string {text}"
