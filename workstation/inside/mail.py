# SPDX-License-Identifier: EUPL-1.2
"""An e-mail as text: its main headers, its text, and a list of what hangs on it (RFC 5322, RFC 2045).

- Headers are shown by their own names; no address becomes a link, no picture is fetched, nothing is unpacked.
- Parts are bounded in number and depth; what is attached can be taken out by number and looked at once, not deeper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from html.parser import HTMLParser
from typing import Final

from meldkluis.workstation.inside.draw import decoded
from meldkluis.workstation.inside.frames import StopError

MOST_PARTS: Final = 200
_DEEPEST: Final = 20
_HEADERS: Final = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject", "Message-ID")
_SKIPPED: Final = frozenset({"script", "style", "head", "title"})
_BREAKS: Final = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr"})


@dataclass(frozen=True)
class Part:
    """Something that hangs on an e-mail."""

    name: str
    content: bytes = field(repr=False)


@dataclass
class _Read:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    seen: int = 0


class _Text(HTMLParser):
    """The text of a page, with the addresses that its links lead to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._skip = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if tag in _SKIPPED:
            self._skip += 1
        elif tag in _BREAKS:
            self.out.append("\n")
        elif tag == "a" and len(self._links) < 100:
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in _SKIPPED:
            self._skip = max(0, self._skip - 1)
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link:
                self.out.append(f" [{link}] ")

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._skip:
            self.out.append(" ".join(data.split()) + " " if data.strip() else "")


def html_text(page: str) -> str:
    """Return the text of an HTML page; addresses of links stand behind them in brackets."""
    reader = _Text()
    reader.feed(page)
    reader.close()
    return "".join(reader.out).strip()


def read(raw: bytes, words: Mapping[str, str]) -> tuple[str, list[Part]]:
    """Return an e-mail as a text and its parts; StopError when it is none. `words` are the headings."""
    try:
        message = message_from_bytes(raw)
        found = _Read()
        _walk(message, found, 0)
        body = "\n".join(found.plain) or "\n".join(html_text(page) for page in found.html)
        lines = [f"{name}: {_header(message, name)}" for name in _HEADERS if message[name] is not None]
    except (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        # The standard library's parser raises these for hostile messages.
        raise StopError("broken") from None
    if found.html and not found.plain:
        lines.append(f"({words['html']})")
    listed = [f"{number}. {part.name} ({len(part.content)} B)" for number, part in enumerate(found.parts, 1)]
    if listed:
        body += f"\n\n{'-' * 40}\n{words['parts']}\n" + "\n".join(listed)
    return "\n".join(lines) + f"\n{'-' * 40}\n\n" + body, found.parts


def _header(message: Message, name: str) -> str:
    values = []
    for value in message.get_all(name, []):
        try:
            pieces = decode_header(str(value))
            values.append("".join(_piece(text, charset) for text, charset in pieces))
        except (MessageError, ValueError, LookupError):
            values.append(str(value))
    return " ".join(" ".join(values).split())


def _piece(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode(charset or "utf-8", "replace")
    except LookupError:
        return text.decode("latin-1")


def _walk(message: Message, found: _Read, depth: int) -> None:
    found.seen += 1
    if found.seen > MOST_PARTS or depth > _DEEPEST:
        return
    kind, name = message.get_content_type(), _filename(message)
    within = message.get_payload()
    inside = [inner for inner in within if isinstance(inner, Message)] if isinstance(within, list) else []
    if kind == "message/rfc822" and inside:
        found.parts.extend(Part(name or "message.eml", inner.as_bytes()) for inner in inside)
        return
    if message.is_multipart():
        for inner in inside:
            _walk(inner, found, depth + 1)
        return
    payload = message.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if name or message.get_content_disposition() == "attachment" or not kind.startswith("text/"):
        found.parts.append(Part(name or "?", content))
        return
    (found.html if kind == "text/html" else found.plain).append(_text(message, content))


def _text(message: Message, content: bytes) -> str:
    charset = message.get_content_charset()
    try:
        return content.decode(charset, "replace") if charset else decoded(content)
    except LookupError:
        return decoded(content)


def _filename(message: Message) -> str:
    name = message.get_filename()
    if not name:
        return ""
    try:
        return "".join(_piece(text, charset) for text, charset in decode_header(name))
    except (MessageError, ValueError):
        return name
