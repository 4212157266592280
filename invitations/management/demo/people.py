"""Who is who in the demo: made-up people with names of many languages and scripts. Data only.

One person a line, in the order in which they came; what stands after the bar is the left side of their address where
it cannot be made of the name.
"""

from workspaces.names import fold

ACME_DOMAIN = "acme.example"
NORTHLAB_DOMAIN = "northlab.example"
HARBOR_DOMAIN = "harbor.example"

ACME = {
    "Data science": """
        Mia Chen
        Rajesh Venkataraghavan
        Zoë Lindqvist
        Lê Thị Thu Hà | ha.le
        Nuno Gonçalves de Albuquerque
        Siobhán Ní Bhriain
        中村 美咲 | misaki.nakamura
        Adaeze Nwachukwu
        Łukasz Wiśniewski | lukasz.wisniewski
        Jean-Baptiste Kouadio
        Βασιλική Παπαδοπούλου | vasiliki.papadopoulou
        Anneliese Hofstätter-Grünwald
        Dmytro Shevchuk
        João Pedro Sant'Anna | joao.santanna
        Priyanka Chattopadhyay
        Émilie Desrochers
        Kofi Asante-Boateng
        정하은 | haeun.jeong
        Ólafur Þórðarson | olafur.thordarson
        Gabriela Fuentes Maldonado
        Ahmet Yıldırım | ahmet.yildirim
        Nomvula Mthembu
        Henrik Sjöberg
        محمد الحداد | mohammed.alhaddad
        Tereza Nováková
        Wei Zhang
    """,
    "Clinical trials": """
        Tomás Herrera
        Dr. Maximiliana Freifrau von Hohenstein-Württemberg zu Sayn | maximiliana.hohenstein
        Amara Diallo
        Sophie Bäumler
        李晓彤 | xiaotong.li
        Katarzyna Dąbrowska
        Olumide Adeyemi-Fashola
        Rosa Vilanova i Puig
        Yuki Hasegawa
        Иван Сорокин | ivan.sorokin
        Charlotte Vandenbroucke
        Fatou Ndiaye
        Miguel Ángel Ríos Carrasco
        Sunniva Haugland
        Temitope Ogundipe
        Beatrix Szabó
        नेहा कुलकर्णी | neha.kulkarni
        Marek Horváth
        Aoife Gallagher
        Leilani Kealoha
    """,
    "Chemistry": """
        Grégoire Beauchemin
        Shreya Balasubramanian
        Håkon Sæther-Lund | hakon.saetherlund
        Valentina Castiglione
        Tshepo Molefe
        ნინო გელაშვილი | nino.gelashvili
        Fernando Itzcóatl Medina
        Agnieszka Wójcik
        Kenji Matsuda
        Ragnhild Bjørnsdatter | ragnhild.bjornsdatter
        Babajide Okonjo
        Clémence Thibodeau
        שירה אברמוביץ | shira.abramovitz
        Petra Zupančič
        Duc Pham
        Isabel Quiroga
        Mehmet Şahin
        Linnea Öberg
        Chukwuemeka Anyanwu-Oforkansi
        Marta Kowalczyk
    """,
    "Platform": """
        Aleksander Nowicki
        Samira Benhaddou
        佐藤 健太 | kenta.sato
        Ruairí O'Sullivan | ruairi.osullivan
        Ifeoma Obiechina
        Björn Ekström
        Paulo Roberto Figueiredo
        Thandiwe Khumalo
        Vít Procházka
        ธนกร ศรีสุวรรณ | thanakorn.srisuwan
        Noor van der Meulen
        Caio Nakagawa Ferreira
        Elif Karadağ
        Jasper Okoro-Whitfield
        Ana-Maria Dumitrescu
        Lucía Etxeberria
    """,
    "Field stations": """
        Sigríður Jónsdóttir | sigridur.jonsdottir
        Waleed Al-Rashidi
        Manaia Parata
        Otgonbayar Batsaikhan
        Esperanza Quispe Mamani
        Tuomas Kärkkäinen
        Aputsiaq Olsen
        Հասմիկ Գրիգորյան | hasmik.grigoryan
        Daniel Mbeki-Joubert
        Yara Assunção
        Kristjan Tamm
        Nyambura Wanjiku
    """,
    "Regulatory affairs": """
        Francesca Montanari
        Gerhard Zöllner
        Ayşe Demirtaş
        Colette Abernathy-Saint-Clair
        Rohan Deshpande
        Mirela Ionescu
        Oskar Wallin
    """,
    "Finance": """
        Hannelore Kirchgäßner
        Chidi Eze
        Viktória Takács
        Pilar Zamora
        Xavier Lemaître
    """,
    "People and places": """
        Nadia Rahmani
        Bram de Graaf
        Ewa Jabłońska | ewa.jablonska
        Keahi Makoa
    """,
}

NORTHLAB = {
    "Analytics": """
        Ingrid Solberg
        Ville Mäkinen
        Astrid Kjær-Holm | astrid.kjaerholm
        Nils-Petter Aas
        Gintarė Kazlauskaitė
        Rūta Bērziņa
        Kalle Tapio Heikkilä
        Maarja Õunapuu
        Sámuel Þorláksson | samuel.thorlaksson
        Elle-Máret Utsi
        Torbjørn Vik | torbjorn.vik
        Jurgita Petrauskienė
        Freja Damgaard
        Haruka Ishii-Lindgren
    """,
    "Sensors": """
        Magnús Hrafnsson
        Birgitta Almqvist
        Ojārs Liepiņš
        Signe Nørgaard | signe.norgaard
        Pekka Virtanen
        Solveig Tangen
        Darius Jankauskas
        Anu Rebane
        Rasmus Overgaard
        Hildur Eiríksdóttir
        Olena Kovalenko
        Arvid Nyström
    """,
    "Customer projects": """
        Camilla Brandt-Rasmussen
        Jēkabs Ozols
        Tuulikki Saarinen
        Mats Åkerlund
        Ебру Стоянова | ebru.stoyanova
        Iida Korhonen
        Kaspar Lepik
        Sunna Guðmundsdóttir | sunna.gudmundsdottir
        Emil Fagerström
    """,
}

HARBOR = {
    "Site reliability": """
        Marcus Adebayo-Lind
        Wilhelmina van Oosterhout
        Σταύρος Κωνσταντινίδης | stavros.konstantinidis
        Giulia Ferrante
        Pádraig Mac Giolla Bhríde | padraig.macgiollabhride
        Ines Boukhari
        陳柏翰 | pohan.chen
    """,
    "Applications": """
        Joanna Przybylska
        Kwabena Osei-Tutu
        Maël Le Goff
        Ximena Barragán
        Anselm Brückner
        Laleh Farrokhzad
        Tendai Chikowore
        Rebekka Schönfelder
    """,
}


def listed(departments: dict[str, str], domain: str) -> dict[str, list[tuple[str, str]]]:
    """Each department's people as (name, address)."""
    return {department: [_person(line, domain) for line in _lines(text)] for department, text in departments.items()}


def address_of(name: str, domain: str) -> str:
    return f"{'.'.join(fold(name).replace("'", '').split())}@{domain}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _person(line: str, domain: str) -> tuple[str, str]:
    name, _bar, mailbox = (part.strip() for part in line.partition("|"))
    return name, f"{mailbox}@{domain}" if mailbox else address_of(name, domain)
