"""The small pieces of a table row as ready HTML: a page of fifty rows then costs little. No models, no domain words.

The row template keeps autoescape on: a plain str that comes to it is escaped there, only later and slower.
"""

import functools
import html
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.safestring import SafeString

from config.ui.people import cut_points
from config.ui.templatetags.ui import exact, relative_local

_BY_THE_HOUR = timedelta(days=2)


def text(value: str) -> SafeString:
    """The escaped text. Unlike Django's `escape` it takes no lazy strings, which makes it several times quicker."""
    return SafeString(html.escape(value))


def name(value: str) -> SafeString:
    """A name or an address; a narrow cell shortens what stands in the span, so an address keeps its domain."""
    start, end = cut_points(value)
    rest = f"<span>{html.escape(end)}</span>" if end else ""
    return SafeString(f"<span>{html.escape(start)}</span>{rest}")


@functools.lru_cache(maxsize=4096)
def avatar(initials: str, hue: int) -> SafeString:
    """The coloured initials; without initials, the letter of somebody who is asked in but not here yet."""
    if not initials:
        return SafeString(
            '<span class="r-avatar r-waiting"><svg class="r-icon" aria-hidden="true"><use href="#i-mail"/></svg></span>'
        )
    return SafeString(f'<span class="r-avatar r-hue-{hue}" aria-hidden="true">{html.escape(initials)}</span>')


@functools.lru_cache(maxsize=4096)
def pill(tone: str, icon: str, word: str, detail: str = "") -> SafeString:
    """A state: icon, word and, after a dot, its detail. The page declares the icon by {% symbols %}."""
    more = f" · {html.escape(detail)}" if detail else ""
    return SafeString(
        f'<span class="r-state r-{tone}"><svg class="r-icon" aria-hidden="true"><use href="#i-{icon}"/></svg>'
        f"<span><b>{html.escape(word)}</b>{more}</span></span>"
    )


@functools.lru_cache(maxsize=4096)
def mark(tone: str, icon: str, words: str, shown: str = "") -> SafeString:
    """What has to be known of a row beside its state, by an icon and perhaps a number; the words are its name."""
    words = html.escape(words)
    return SafeString(
        f'<span class="r-mark r-{tone}" role="img" aria-label="{words}" title="{words}" tabindex="-1">'
        f'<svg class="r-icon" aria-hidden="true"><use href="#i-{icon}"/></svg>{html.escape(shown)}</span>'
    )


def press(url: str, tone: str, icon: str, words: str) -> SafeString:
    """A mark that one click answers, by a post to `url`; the words say what it does."""
    words = html.escape(words)
    return SafeString(
        f'<button type="submit" class="r-mark r-{tone}" form="selection" formaction="{url}" hx-post="{url}"'
        f' hx-swap="none" aria-label="{words}" title="{words}" data-key="{icon}">'
        f'<svg class="r-icon" aria-hidden="true"><use href="#i-{icon}"/></svg></button>'
    )


@functools.lru_cache(maxsize=4096)
def tags(names: tuple[str, ...], total: int) -> SafeString:
    """The names that fit into the cell, at most two, and "+3" for the rest of `total`."""
    if not names:
        return SafeString("<i>–</i>")
    shown = names_that_fit(names)
    drawn = "".join(f'<span class="r-tag">{html.escape(each)}</span>' for each in shown)
    rest = total - len(shown)
    return SafeString(f"{drawn}+{rest:,}" if rest else drawn)


def names_that_fit(names: Sequence[str], *, width: int = 20) -> Sequence[str]:
    """Two names where both fit into `width` letters, else one."""
    return names[:2] if len(names) > 1 and len(names[0]) + len(names[1]) <= width else names[:1]


class Moments:
    """Draws many times against one now, with the exact UTC time on hover and, by the arrow keys, on focus.

    What is further away is worded by days alone, so each such word is made once.
    """

    def __init__(self, now: datetime) -> None:
        self._zone = timezone.get_current_timezone()
        self._now = now.astimezone(self._zone)
        self._words: dict[date, str] = {}

    def draw(self, moment: datetime) -> SafeString:
        return SafeString(f'<time title="{exact(moment)}" tabindex="-1">{self._word(moment)}</time>')

    def _word(self, moment: datetime) -> str:
        local = moment.astimezone(self._zone)
        if abs(self._now - local) < _BY_THE_HOUR:
            return html.escape(relative_local(local, self._now))
        day = local.date()
        if day not in self._words:
            self._words[day] = html.escape(relative_local(local, self._now))
        return self._words[day]


def pick(key: int) -> SafeString:
    """The row's box; the name of whoever it is about is its label."""
    return SafeString(f'<input type="checkbox" name="member" value="{key}" form="selection" aria-labelledby="n{key}">')


def person(key: int, url: str, picture: str, title: SafeString, line: SafeString) -> SafeString:
    """Who the row is about: picture, the name as the link to them, and what is known of them beside it."""
    return SafeString(f'{picture}<a id="n{key}" href="{url}">{title}</a><small>{line}</small>')


def choice(url: str, value: int, word: SafeString, refusal: str, *, is_strong: bool) -> SafeString:
    """A value that can be changed on the spot by a form at `url`; with a refusal, the value and why not."""
    strong = " r-strong" if is_strong else ""
    if refusal:
        return SafeString(f'<span class="r-role{strong}" title="{html.escape(refusal)}" tabindex="0">{word}</span>')
    return SafeString(f'<a class="r-role{strong}" href="{url}" data-role="{value}">{word}</a>')


def two_lines(first: str, second: str) -> SafeString:
    return SafeString(f"{html.escape(first)}<small>{html.escape(second)}</small>")


def act(url: str, icon: str, words: str, refusal: str = "", note: str = "") -> SafeString:
    """A button that opens a dialog; with a refusal it stays in its place and says why not. words: its label's id; note:
    what else is worth knowing before.
    """
    if refusal:
        opens = f'role="link" tabindex="0" aria-disabled="true" title="{html.escape(refusal)}"'
    else:
        opens = f'href="{url}" data-dialog' + (f' title="{html.escape(note)}"' if note else "")
    return SafeString(
        f'<a class="r-act" {opens} aria-labelledby="{words}"><svg class="r-icon"><use href="#i-{icon}"/></svg></a>'
    )


def menu(url: str, words: str) -> SafeString:
    """What opens the row's menu; without JavaScript, a link to the page that has all of it."""
    return SafeString(
        f'<a class="r-act r-more" href="{url}" data-menu aria-labelledby="{words}">'
        '<svg class="r-icon"><use href="#i-dots"/></svg></a>'
    )
