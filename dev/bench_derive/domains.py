"""The domains of the programs: what their records are called, and which fields they have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """One domain. Words are given in English, German and French; tools and fields are English.

    :param noun: the record, in the singular and plural, by language.
    :param key: the field of the id, and how an id begins.
    :param name: the field of the name, and the names.
    :param group: a field of a few values that do not change with time, such as a region.
    :param state: a field of a few values that do.
    :param amount: a field with decimals, its unit, and its range.
    :param number: a field of small whole numbers.
    :param date: a field with a date.
    :param person: the person in charge, a word for tools; the field is that word with ``_id``.
    :param series: what the monthly series counts.
    :param verb: how the tool that lists the records begins.
    """

    noun: dict[str, tuple[str, str]]
    key: tuple[str, str]
    name: tuple[str, tuple[str, ...]]
    group: tuple[str, tuple[str, ...]]
    state: tuple[str, tuple[str, ...]]
    amount: tuple[str, str, tuple[float, float]]
    number: str
    date: str
    person: str
    series: str
    verb: str

    @property
    def one(self) -> str:
        """The record's word in tools, in the singular."""
        return self.noun["en"][0].replace(" ", "_")

    @property
    def many(self) -> str:
        """The record's word in tools, in the plural."""
        return self.noun["en"][1].replace(" ", "_")


def said(field: str) -> str:
    """Return a field's name, or a value, as people say it."""
    return field.replace("_", " ")


DOMAINS = (
    Domain(
        noun={"en": ("meter", "meters"), "de": ("Zähler", "Zähler"), "fr": ("compteur", "compteurs")},
        key=("meter_id", "MTR-"),
        name=("site", (
            "Mill Lane", "Harbour Hall", "North Depot", "Castle School", "River Baths", "Station House", "Old Brewery",
            "Park Clinic", "West Tower", "Market Square", "Canal Works", "Hill Farm", "East Pier", "Abbey Court",
        )),
        group=("zone", ("Riverside", "Hillside", "Oldtown", "Docks")),
        state=("state", ("active", "silent", "under_repair")),
        amount=("consumption", "kWh", (120, 4800)),
        number="alarms", date="read_on", person="technician", series="output", verb="list",
    ),
    Domain(
        noun={"en": ("appointment", "appointments"), "de": ("Termin", "Termine"), "fr": ("rendez-vous", "rendez-vous")},
        key=("appointment_id", "AP"),
        name=("reason", (
            "Knee check", "Flu shot", "Eye test", "Blood panel", "Skin review", "Hearing test", "Back therapy",
            "Travel vaccine", "Asthma review", "Diet talk", "Wrist cast", "Heart scan", "Sleep study", "Foot exam",
        )),
        group=("ward", ("Cedar", "Birch", "Maple", "Willow")),
        state=("status", ("booked", "attended", "missed")),
        amount=("fee", "CHF", (45, 620)),
        number="minutes", date="held_on", person="doctor", series="visits", verb="search",
    ),
    Domain(
        noun={"en": ("stock item", "stock items"), "de": ("Artikel", "Artikel"), "fr": ("article", "articles")},
        key=("sku", "SK-"),
        name=("label", (
            "Hex bolt", "Copper pipe", "Gate valve", "Belt drive", "Roller chain", "Drill head", "Pump seal",
            "Cable drum", "Spring washer", "Fuse box", "Hinge set", "Guide rail", "Filter mat", "Motor mount",
        )),
        group=("aisle", ("Amber", "Blue", "Coral", "Denim")),
        state=("condition", ("ready", "blocked", "in_transit")),
        amount=("stock_value", "EUR", (300, 9400)),
        number="pallets", date="counted_on", person="keeper", series="shipments", verb="fetch",
    ),
    Domain(
        noun={"en": ("royalty", "royalties"), "de": ("Tantieme", "Tantiemen"), "fr": ("redevance", "redevances")},
        key=("work_code", "W"),
        name=("title", (
            "Paper Moonlight", "Slow Ferry", "Glass Orchard", "Last Tram Home", "Winter Radio", "Red Umbrella",
            "Salt and Sand", "Night Bakery", "Quiet Engine", "Seven Bridges", "Lemon Street", "Tin Parade",
            "Amber Coast", "Hollow Drum",
        )),
        group=("territory", ("Nordics", "Iberia", "Benelux", "Balkans")),
        state=("standing", ("settled", "disputed", "unclaimed")),
        amount=("payout", "USD", (35, 7200)),
        number="licences", date="due_on", person="publisher", series="streams", verb="list",
    ),
    Domain(
        noun={"en": ("loan", "loans"), "de": ("Ausleihe", "Ausleihen"), "fr": ("prêt", "prêts")},
        key=("loan_no", "L"),
        name=("book", (
            "The Salt Road", "A Field Guide", "Ten Winters", "Maps of Nowhere", "The Clockmaker", "Island Cooking",
            "Stone and Water", "The Long Ledger", "Birds at Dusk", "City of Kites", "Plain Algebra", "Weaving Today",
            "The Fog Signal", "Garden Physics",
        )),
        group=("branch", ("Central", "Lakeside", "Northgate", "Campus")),
        state=("state", ("out", "overdue", "reserved")),
        amount=("fine", "GBP", (1, 96)),
        number="renewals", date="lent_on", person="reader", series="checkouts", verb="search",
    ),
    Domain(
        noun={"en": ("trip", "trips"), "de": ("Fahrt", "Fahrten"), "fr": ("trajet", "trajets")},
        key=("trip_ref", "TR"),
        name=("route", (
            "Quarry to Port", "Ring Road East", "Dairy Round", "Airport Shuttle", "Valley Express", "Night Mail",
            "Timber Run", "School Loop", "Coast Line", "Bridge Relay", "Market Run", "Hospital Link", "Steel Haul",
            "Border Post",
        )),
        group=("fleet", ("Lynx", "Heron", "Otter", "Falcon")),
        state=("progress", ("planned", "running", "finished")),
        amount=("fuel_cost", "EUR", (60, 1900)),
        number="stops", date="started_on", person="driver", series="kilometres", verb="query",
    ),
)  # fmt: skip
"""By design none of these is a domain that the search was developed with."""
