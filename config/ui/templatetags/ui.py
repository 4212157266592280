"""The tags of Roster's look, built into every template: icons, avatars, times, links. They draw; they ask nothing."""

import datetime
import functools
import re
import uuid
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.template.base import Parser, Token
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from config.ui import people

register = template.Library()

SYMBOL = re.compile(r'<symbol id="(?P<name>[\w-]+)"[^>]*>(?P<drawing>.*?)</symbol>')
MINUTE, HOUR, DAY = 60, 3600, 86400
DATE, DATE_AND_YEAR, LONG_DATE = gettext_noop("j M"), gettext_noop("j M Y"), gettext_noop("D j M Y")


@functools.cache
def sprite_url() -> str:
    """The address of the icon sprite, with its hash in production."""
    return static("icons.svg")


@register.simple_tag
def sprite() -> str:
    """The sprite's address, for loops that draw many icons: {% sprite as icons %} ... {{ icons }}#mail."""
    return sprite_url()


@functools.lru_cache(maxsize=512)
def _icon(name: str, extra_class: str) -> SafeString:
    classes = f"r-icon {extra_class}".strip()
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, sprite_url(), name)


@register.simple_tag
def icon(name: str, extra_class: str = "", *, label: str = "") -> SafeString:
    """An icon; decoration unless it carries a label."""
    if not label:
        return _icon(name, extra_class)
    classes = f"r-icon {extra_class}".strip()
    return format_html(
        '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>', classes, label, sprite_url(), name
    )


@functools.cache
def _drawings() -> dict[str, str]:
    """The sprite's symbols by name."""
    path = finders.find("icons.svg")
    if not isinstance(path, str):
        raise FileNotFoundError("static/icons.svg is missing; bin/icons.py builds it.")
    sprite_text = Path(path).read_text()
    return {match["name"]: match["drawing"] for match in SYMBOL.finditer(sprite_text)}


@functools.cache
def _symbols(names: tuple[str, ...]) -> SafeString:
    drawings = _drawings()
    drawn = "".join(f'<symbol id="i-{name}" viewBox="0 0 24 24">{drawings[name]}</symbol>' for name in names)
    return mark_safe(f"<svg hidden>{drawn}</svg>")  # noqa: S308  our own file


@register.simple_tag
def symbols(*names: str) -> SafeString:
    """The named icons within the page, for tables that show them many times: <use href="#i-mail"/>."""
    return _symbols(names)


class ConstantNode(template.Node):
    """What stands between {% constant %} and {% endconstant %}, drawn once per language."""

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        self._drawn: dict[str | None, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        language = get_language()
        if language not in self._drawn:
            # Without the context's values: nothing of one person's page can stay for the next one's.
            self._drawn[language] = self.nodelist.render(context.new())
        return self._drawn[language]


@register.tag
def constant(parser: Parser, _token: Token) -> ConstantNode:
    """For the parts of a frequent page that are the same for everybody: words, icons, addresses of files."""
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(nodelist)


@register.simple_tag
def avatar(label: str, key: int | str | uuid.UUID = "", kind: str = "person", size: str = "") -> SafeString:
    """The coloured initials of a person, organization, workspace or group; somebody unnamed yet gets kind "waiting"."""
    classes = f"r-avatar r-{kind} r-hue-{people.hue(key or label)}" + (f" r-{size}" if size else "")
    if kind == "waiting":
        return format_html('<span class="{}">{}</span>', classes, _icon("mail", ""))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, people.initials(str(label)))


@register.filter
def address(text: str) -> SafeString:
    """An address that a narrow place cuts before the @, never after it; other text passes whole."""
    start, end = people.cut_points(text)
    if not end:
        return conditional_escape(text)
    return format_html('<span class="r-address"><span>{}</span><span>{}</span></span>', start, end)


def exact(moment: datetime.datetime) -> str:
    """Such as "Sat 21 Nov 2026, 18:40 UTC"."""
    moment = moment.astimezone(datetime.UTC)
    return f"{_worded(moment.date(), LONG_DATE, get_language())}, {moment:%H:%M} UTC"


def relative(moment: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """The distance in the words of the tables: "Now", "4 min ago", "Yesterday", "18 d ago", "in 14 days", "12 Mar
    2025".
    """
    zone = timezone.get_current_timezone()
    return relative_local(moment.astimezone(zone), (now or timezone.now()).astimezone(zone))


def relative_local(local: datetime.datetime, now: datetime.datetime) -> str:
    """The same of two times that are in the person's zone already."""
    seconds = (now - local).total_seconds()
    days = (now.date() - local.date()).days
    if seconds < 0:
        return _ahead(-seconds, -days, local, now)
    if seconds < MINUTE:
        return _("Now")
    if seconds < HOUR:
        return _("%(n)d min ago") % {"n": seconds // MINUTE}
    if days == 0 or seconds < 6 * HOUR:
        return _("%(n)d h ago") % {"n": seconds // HOUR}
    if days == 1:
        return _("Yesterday")
    if days < 60:
        return _("%(n)d d ago") % {"n": days}
    return _day(local, now)


def left(moment: datetime.datetime, now: datetime.datetime) -> str:
    """How long something still holds: "14 days left"; days are counted as by `relative`."""
    seconds = max(0.0, (moment - now).total_seconds())
    if seconds < HOUR:
        return _("%(n)d min left") % {"n": max(1, seconds // MINUTE)}
    if seconds < DAY:
        return _("%(n)d h left") % {"n": seconds // HOUR}
    days = (timezone.localtime(moment).date() - timezone.localtime(now).date()).days
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}


def _ahead(seconds: float, days: int, local: datetime.datetime, now: datetime.datetime) -> str:
    if seconds < HOUR:
        return _("in %(n)d min") % {"n": max(1, seconds // MINUTE)}
    if seconds < DAY:
        return _("in %(n)d h") % {"n": seconds // HOUR}
    if days < 60:
        return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
    return _day(local, now)


def _day(local: datetime.datetime, now: datetime.datetime) -> str:
    return _worded(local.date(), DATE if local.year == now.year else DATE_AND_YEAR, get_language())


@functools.lru_cache(maxsize=4096)
def _worded(day: datetime.date, layout: str, _language: str | None) -> str:
    """A page says the same few days over and over."""
    return dateformat.format(day, _(layout))


def day(moment: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """The date, with its year unless it is the present one: "12 Nov", "12 Mar 2025"."""
    return _day(timezone.localtime(moment), timezone.localtime(now))


@register.simple_tag
def ago(moment: datetime.datetime | None, missing: str = "–") -> SafeString | str:
    """A time as people say it; the exact UTC time shows on hover and on focus."""
    if moment is None:
        return missing
    return format_html(
        '<time datetime="{}" title="{}" tabindex="0" data-age>{}</time>',
        moment.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        exact(moment),
        relative(moment),
    )


@register.simple_tag
def until(moment: datetime.datetime) -> SafeString:
    """An end as a whole sentence part: the day in full, the exact UTC time on hover and on focus."""
    return format_html(
        '<time datetime="{}" title="{}" tabindex="0">{}</time>',
        moment.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        exact(moment),
        dateformat.format(timezone.localtime(moment), _("D j F Y")),
    )


@register.simple_tag
def htmx_config() -> SafeString:
    """The content of <meta name="htmx-config">: nothing stored in the browser, nothing evaluated, refusals are drawn,
    and what has been drawn works at once.
    """
    return mark_safe(
        '{"historyCacheSize":0,"historyRestoreAsHxRequest":false,"refreshOnHistoryMiss":true,"includeIndicatorStyles":false,"allowEval":false,'
        '"allowScriptTags":false,"selfRequestsOnly":true,"timeout":30000,"scrollIntoViewOnBoost":false,'
        '"defaultSettleDelay":0,'
        '"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
        '{"code":"403|409|422","swap":true},{"code":"...","swap":false,"error":true}]}'
    )
