"""Shapes of an ask and of an edit. Choices come from what the person may give (workspaces.bulk)."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.ui.people import hue, initials
from invitations.actions.editing import Edit
from invitations.asking import Ask
from invitations.queries.invitations import invitation_of, places_of_waiting
from invitations.sheets import MOST_BYTES, Columns, Entered, Sheet, UnreadableSheet, read_file, read_pasted
from invitations.tokens import CODE_DIGITS
from workspaces.catalogue import BuiltIn
from workspaces.forms.fields import set_choices, several
from workspaces.models import Member
from workspaces.place import Place
from workspaces.queries.choices import giveable_groups, giveable_places, giveable_roles
from workspaces.queries.people import groups_of_member

MESSAGE_LENGTH = 1000
WORD_LENGTH = 500
LIFETIMES = (1, 3, 7, 14, 30)
LIST_LENGTH = 2_000_000  # characters: 10,000 addresses with names, with room
LONGEST_CELL = 5000


class WithMessage(forms.Form):
    """What somebody reads who is asked in."""

    message = forms.CharField(
        label=_("Message"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the mail and on the page they see."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        required=False,
        help_text=_("Of the mail, and of the pages that its link opens."),
    )

    def clean_message(self) -> str:
        return plain_text(self.cleaned_data["message"], MESSAGE_LENGTH)


class WithPlaces(forms.Form):
    """A select for each workspace, workspace_<id>: the role there, or none."""

    workspaces: Sequence[tuple[int, str]]

    def offer_places(self, workspaces: Sequence[tuple[int, str]], roles: Sequence[tuple[int, str]]) -> None:
        self.workspaces = workspaces
        for pk, _name in workspaces:
            field = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
            field.choices = [("", _("No role")), *roles]
            self.fields[f"workspace_{pk}"] = field

    def roles_chosen(self) -> dict[int, int | None]:
        """By workspace, of a valid form."""
        return {pk: self.cleaned_data[f"workspace_{pk}"] for pk, _name in self.workspaces}

    def placements(self) -> dict[int, int]:
        return {pk: role for pk, role in self.roles_chosen().items() if role is not None}

    def workspace_fields(self) -> list[dict[str, Any]]:
        """As the templates draw them."""
        return [
            {"name": name, "initial": initials(name)[:1], "hue": hue(pk), "field": self[f"workspace_{pk}"]}
            for pk, name in self.workspaces
        ]


class InviteForm(WithMessage, WithPlaces):
    """One list of addresses, and what goes with each of them."""

    addresses = forms.CharField(
        label=_("Addresses"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter at least one address.")},
    )
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)
    expires = forms.TypedChoiceField(label=_("Expires"), coerce=int)
    groups = several(_("Groups"))

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_places(*giveable_places(place.organization, place.facts))
        days = place.organization.invitation_days
        set_choices(
            self,
            role=giveable_roles(place.organization, place.facts),
            groups=giveable_groups(place.organization, place.facts),
            expires=[(n, lifetime(n)) for n in sorted({*LIFETIMES, days})],
        )
        self.fields["role"].initial = BuiltIn.MEMBER
        self.fields["role"].help_text = _("Works only where placed.")
        self.fields["expires"].initial = days
        self.fields["language"].initial = place.organization.language
        self.fields["expires"].help_text = _("The link stops working then.")

    def clean_addresses(self) -> str:
        text: str = self.cleaned_data["addresses"]
        if not text.strip(" \t\r\n,;"):
            raise forms.ValidationError(self.fields["addresses"].error_messages["required"], code="required")
        if len(text) > LIST_LENGTH:
            raise forms.ValidationError(_("This list is too long. Invite at most 10,000 addresses at once."))
        return text

    def ask(self) -> Ask:
        """What a valid form asks for."""
        data = self.cleaned_data
        return Ask(
            role_id=data["role"],
            group_ids=data["groups"],
            placements=self.placements(),
            message=data["message"],
            days=data["expires"],
            language=data["language"],
        )


class ProposePeople(forms.Form):
    """People whom a member would like to have here."""

    addresses = forms.CharField(
        label=_("Addresses"),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Separate them with commas, spaces or lines; names as in Mia Chen <mia@acme.example> are kept."),
        error_messages={"required": _("Enter at least one address.")},
    )
    workspace = forms.TypedChoiceField(label=_("Workspace"), coerce=int, required=False, empty_value=None)
    message = forms.CharField(
        label=_("What for?"),
        required=False,
        max_length=500,
        help_text=_("Whoever decides reads this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, workspaces: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, workspace=[("", _("None in particular")), *workspaces])


class DecideProposals(forms.Form):
    reply = forms.CharField(
        label=_("Word to whoever proposed them"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ImportForm(InviteForm):
    """A file or pasted rows, and what goes with rows that say nothing else. A valid form has read the sheet."""

    addresses = None  # type: ignore[assignment]  # Django's way to leave a field of the base out
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Spreadsheet (.xlsx) or CSV, at most 10,000 rows and 5 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    pasted = forms.CharField(
        label=_("Or paste the rows"),
        required=False,
        strip=False,
        max_length=LIST_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Copied from a spreadsheet with its first line, or a list of addresses."),
    )
    sheet: Sheet
    title = ""

    def clean(self) -> None:
        super().clean()
        upload, pasted = self.cleaned_data.get("file"), self.cleaned_data.get("pasted", "")
        if upload is None and not pasted.strip():
            if not self.errors:
                self.add_error("file", _("Choose a file, or paste the rows."))
            return
        try:
            self.sheet = read_file(upload.read(MOST_BYTES + 1)) if upload is not None else read_pasted(pasted)
        except UnreadableSheet as error:
            self.add_error("file" if upload is not None else "pasted", str(error))
        # What nobody sees, or what turns the direction of the text, would make another name of it.
        self.title = "".join(filter(str.isprintable, upload.name)) if upload is not None else ""


class ColumnsForm(forms.Form):
    """What each column of a sheet holds: column_<number>, from 0."""

    def __init__(self, fields: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, field in enumerate(fields):
            choice = forms.ChoiceField(choices=COLUMN_CHOICES, required=False, initial=field)
            self.fields[f"column_{number}"] = choice
        self.count = len(fields)

    def clean(self) -> None:
        super().clean()
        if self.errors:
            return
        if "email" not in self.columns().fields:
            raise forms.ValidationError(_("Say which column holds the addresses."))
        if repeated := self.columns().repeated:
            names = dict(COLUMN_CHOICES)
            raise forms.ValidationError(
                _("Two columns cannot both be: %(names)s."),
                params={"names": ", ".join(str(names[field]) for field in repeated)},
            )

    def columns(self) -> Columns:
        return Columns(tuple(self.cleaned_data[f"column_{number}"] for number in range(self.count)))


COLUMN_CHOICES = [
    ("", _("Leave out")),
    ("email", _("Address")),
    ("name", _("Name")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("role", _("Organization role")),
    ("groups", _("Groups")),
    ("workspaces", _("Workspaces")),
]


class ImportRowForm(forms.Form):
    """One row of a plan, as it was entered. Every text is taken: what is wrong with it stands in the row."""

    email = forms.CharField(label=_("Address"), required=False, max_length=LONGEST_CELL)
    name = forms.CharField(label=_("Name"), required=False, max_length=LONGEST_CELL)
    role = forms.CharField(label=_("Organization role"), required=False, max_length=LONGEST_CELL)
    groups = forms.CharField(
        label=_("Groups"), required=False, max_length=LONGEST_CELL, help_text=_("Separated by commas.")
    )
    workspaces = forms.CharField(
        label=_("Workspaces"),
        required=False,
        max_length=LONGEST_CELL,
        help_text=_("With a role each: Research: Editor; Lab: Viewer"),
    )

    def entered(self) -> Entered:
        return Entered.of(self.cleaned_data)


class EditMemberForm(forms.Form):
    """The organization role of somebody who has joined."""

    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)

    def __init__(self, place: Place, member: Member, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"role": member.role_id})
        set_choices(self, role=giveable_roles(place.organization, place.facts))


class EditInvitationForm(WithMessage, WithPlaces):
    """An open invitation, as far as the editor may change it. fixed: what they may not, as words."""

    address = forms.CharField(
        label=_("Address"), strip=True, help_text=_("A correction sends a new link; the former one ends.")
    )
    role = forms.TypedChoiceField(label=_("Organization role"), coerce=int)
    expires = forms.TypedChoiceField(label=_("Expires"), coerce=int, required=False, empty_value=None)
    groups = several(_("Groups"))
    again = forms.BooleanField(
        label=_("Send it again"),
        required=False,
        help_text=_("A mail with a new link; the former link ends. Otherwise no mail goes out."),
    )

    def __init__(self, place: Place, member: Member, data: QueryDict | None = None) -> None:
        invitation = invitation_of(member)
        present = places_of_waiting(member.pk)
        mine = dict(groups_of_member(member.pk))
        initial = {
            "address": invitation.address,
            "role": member.role_id,
            "message": invitation.message,
            "language": invitation.language,
            "groups": list(mine),
            **{f"workspace_{pk}": there.role_id for pk, there in present.items()},
        }
        super().__init__(data, initial=initial)
        workspaces, roles = giveable_places(place.organization, place.facts)
        groups = giveable_groups(place.organization, place.facts)
        giveable = {pk for pk, _name in roles}
        self.offer_places(
            [(pk, name) for pk, name in workspaces if pk not in present or present[pk].role_id in giveable], roles
        )
        offered = {pk for pk, _name in self.workspaces}
        self.fixed = [
            *(f"{there.role}, {there.workspace}" for pk, there in present.items() if pk not in offered),
            *(name for pk, name in mine.items() if pk not in dict(groups)),
        ]
        stays = _("Not changed: %(moment)s") % {"moment": date_format(localtime(invitation.expires_at), "j F Y, H:i")}
        set_choices(
            self,
            role=giveable_roles(place.organization, place.facts),
            groups=groups,
            expires=[("", stays), *((n, lifetime(n)) for n in LIFETIMES)],
        )

    def edit(self) -> Edit:
        """What a valid form asks for."""
        data = self.cleaned_data
        offered = [pk for pk, _name in self.fields["groups"].choices]  # type: ignore[attr-defined]
        return Edit(
            role_id=data["role"],
            address=data["address"],
            message=data["message"],
            language=data["language"] or self.initial["language"],
            groups={pk: pk in data["groups"] for pk in offered},
            placements=self.roles_chosen(),
            days=data["expires"],
            sends_again=data["again"],
        )


class WordForm(forms.Form):
    """What somebody who declines would like to say."""

    word = forms.CharField(label=_("A word to the inviter"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_word(self) -> str:
        return plain_text(self.cleaned_data["word"], WORD_LENGTH)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )

    def clean_code(self) -> str:
        """Blanks, as mail programs put them between, do not count."""
        text = "".join(self.cleaned_data["code"].split())
        if len(text) != CODE_DIGITS or not (text.isascii() and text.isdigit()):
            raise forms.ValidationError(_("The code has six digits."))
        return text


def plain_text(given: str, longest: int) -> str:
    """Raises ValidationError for control characters, and for more than so many characters."""
    text = given.replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise forms.ValidationError(
            _("A message has at most %(limit)s characters; this one has %(given)s."),
            params={"limit": longest, "given": len(text)},
        )
    if any(ord(character) < 32 and character != "\n" for character in text):
        raise forms.ValidationError(_("A message is plain text: it cannot hold control characters."))
    return text


def lifetime(days: int) -> str:
    return ngettext("In %(days)s day", "In %(days)s days", days) % {"days": days}
