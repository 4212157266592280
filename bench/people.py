"""Believable people, the same ones in every run: what they are called, how they sort, where they get their mail."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bench.shape import ADMINS
from workspaces.names import fold

# With weights: names are not evenly spread, and a frequent one is the hard case of a search.
FIRST = {
    30: ("James Mary John Anna Maria David"),
    12: (
        "Mia Emma Noah Liam Sofia Lucas Julia Daniel Sara Jan Paul Laura Peter Elena Thomas Jana Jakob "
        "Alexander Andrea Aisha"
    ),
    5: (
        "Amélie Ángel Åsa Bilal Björn Camila Chloé Diego Dilara Emeka Fatima Femi Finn Freya Giulia Hana "
        "Hassan Hugo Ines Isabel Ivan Jacqueline Jasmin Javier Jette Jiho Joana Jules Kaito Karin Kateryna "
        "Kenji Lars Leila Léa Linh Lukas Magnus Malik Marta Mateo Mehmet Mei Mohammed Nadia Ngozi Niamh Nina "
        "Noor Olga Omar Paula Pavel Priya Rafael Rania Ravi Rosa Sanne Selin Siobhán Søren Sunita Tariq "
        "Teresa Thabo Tomás Ulrike Valentina Viktor Wei Wiktoria Xavier Yara Yuki Yusuf Zainab Zoé Željko "
        "Zuzanna"
    ),
}
LAST = {
    30: ("Smith Müller García Nguyen Kim"),
    12: (
        "Chen Johnson Brown Silva Rossi Schmidt Novák Kowalski Hansen Ivanova Tanaka Singh Khan Okafor Jansen "
        "Martin Dubois Andersson"
    ),
    4: (
        "Abebe Adeyemi Aguilar Ahmed Ali Almeida Alvarez Bakker Banerjee Bauer Becker Bernard Bianchi Björk "
        "Bondarenko Bruun Castro Cohen Costa Cruz Dahl Das Diaz Doğan Eriksen Esposito Farkas Fernandes "
        "Fischer Flores Fofana Fujita Gallagher Gómez Greco Gupta Haddad Halvorsen Hernández Hoang Hofmann "
        "Horváth Hughes Ito Jackson Janssens Jensen Jiménez Joshi Kamau Kaplan Kaya Keller Kobayashi Kovač "
        "Kowalczyk Krüger Kumar Larsen Laurent Lee Lewis Li Lopez Lund Maier Mbeki Mehta Mendoza Meyer "
        "Mitchell Moreau Moreno Murphy Nakamura Nielsen Novak Nowak Nuñez Oduya Olsen Ortiz Osei Park Patel "
        "Petrov Pham Popescu Ramos Reyes Ricci Richter Rivera Rojas Romano Roux Ruiz Sanchez Santos Sato "
        "Schneider Schulz Sharma Shevchenko Silberstein Simon Sørensen Suzuki Takahashi Torres Tran Usman "
        "Vargas Vasquez Virtanen Vogel Volkov Wagner Walker Wang Weber White Wójcik Wong Wright Yamamoto Yang "
        "Yilmaz Young Zhang"
    ),
}
RARE = ("Oriane", "Zyskowska")
RARE_COUNT = 5
DOMAINS = ("acme.example", "north.acme.example", "contractors.example", "partner-labs.example")


@dataclass(frozen=True, slots=True)
class Person:
    """name is empty for somebody who was asked in by address alone; sort_name and search_text are the directory's."""

    number: int
    name: str
    address: str
    sort_name: str
    search_text: str
    waits: bool


class Cast:
    """An endless cast: person *n* of a seed is always the same, addresses differ by their number."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self._first, self._first_weights = _weighted(FIRST)
        self._last, self._last_weights = _weighted(LAST)

    def people(self, count: int, *, waiting: float, start: int = 0) -> Iterator[Person]:
        """waiting: which part of them was asked in and has not answered; every second of those has no name yet."""
        chance = self._random
        firsts = chance.choices(self._first, cum_weights=self._first_weights, k=count)
        lasts = chance.choices(self._last, cum_weights=self._last_weights, k=count)
        rare = {round((place + 0.5) * count / RARE_COUNT) for place in range(RARE_COUNT)}
        rare_name = [(name, fold(name)) for name in RARE]
        for number, common_name in enumerate(zip(firsts, lasts, strict=True)):
            first, last = rare_name if number in rare else common_name
            waits = number > ADMINS and chance.random() < waiting
            domain = DOMAINS[number % 7 % len(DOMAINS)]
            address = f"{_ascii(first[1])}.{_ascii(last[1])}{start + number}.{self._seed}@{domain}"
            if waits and number % 2:
                yield Person(number, "", address, address, f"  {address}", waits)
            else:
                short = f"{first[1]} {last[1]}"
                yield Person(number, f"{first[0]} {last[0]}", address, short, f" {short} {address}", waits)


def _weighted(names: dict[int, str]) -> tuple[list[tuple[str, str]], list[int]]:
    pairs = [(name, weight) for weight, text in names.items() for name in text.split()]
    return [(name, fold(name)) for name, _ in pairs], list(accumulate(weight for _, weight in pairs))


def _ascii(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isalnum())
