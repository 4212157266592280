"""What people write over their columns, in English and German."""

import re

from workspaces.names import fold

_WORDS = {
    "email": "email, mail, e-mail address, mail address, address, user email, work email, "
    "adresse, mailadresse, e-mail-adresse, emailadressen, e-mails, emails, addresses, adressen",
    "name": "name, full name, display name, person, voller name, vollständiger name, anzeigename, vor- und nachname",
    "first_name": "first name, given name, forename, vorname, rufname",
    "last_name": "last name, surname, family name, nachname, familienname, zuname",
    "role": "role, organization role, organisation role, org role, rolle, organisationsrolle",
    "groups": "group, groups, team, teams, gruppe, gruppen",
    "workspaces": "workspace, workspaces, workspace roles, arbeitsbereich, arbeitsbereiche, arbeitsraum, arbeitsräume",
}


def header_key(text: str) -> str:
    """Letters and digits alone: "E-Mail-Adresse" and "e mail adresse" are one word."""
    return re.sub(r"[^a-z0-9]", "", fold(text))


HEADERS = {header_key(word): field for field, words in _WORDS.items() for word in words.split(",")}
