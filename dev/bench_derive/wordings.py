# ruff: noqa: E501
"""How the user asks for each task, in several wordings and three languages.

German and French users name fields and values as the data do; such a sentence has no English word for what is done.
"""

from __future__ import annotations

WORDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "figures": {
        "en": (
            "File the {many} figures: total {amount}, average, highest and lowest, and how many are {state}.",
            "Report total, mean, maximum and minimum of the {amount}, plus the number of {state} {many}.",
            "For the {many} report I need the {amount} summed up, the average, the peak and the lowest value, and a count of the {state} ones.",
            "Work out what the {amount} adds up to, its average and its extremes, and say how many {many} are {state}.",
        ),
        "de": ("Lege einen Bericht an: Summe, Durchschnitt, Maximum und Minimum von {amount}, dazu die Anzahl {many} mit {state}.",),
        "fr": ("Dépose un rapport : somme, moyenne, maximum et minimum de {amount}, et le nombre de {many} {state}.",),
    },
    "series": {
        "en": (
            "Post by how many per cent {series} changed from the first to the last month, and file the difference.",
            "Tell the team how {series} grew or fell over the half year and record the gap.",
            "Compare {series} in the latest month with the earliest: post the change, file the difference.",
        ),
        "de": ("Melde, um wie viel Prozent sich {series} vom ersten zum letzten Monat verändert hat, und lege die Differenz ab.",),
        "fr": ("Annonce l'évolution de {series} du premier au dernier mois et dépose la différence.",),
    },
    "share": {
        "en": (
            "What share of the {amount} comes from {group}? Post it and put it on file.",
            "Post the percentage of {amount} that {group} accounts for, and file it.",
            "Tell the channel how much of the total {amount} is {group}, in per cent, and file the figure.",
        ),
        "de": ("Welchen Anteil an {amount} hat {group}? Melde ihn und lege ihn ab.",),
        "fr": ("Quelle part de {amount} revient à {group} ? Publie-la et dépose-la.",),
    },
    "pick": {
        "en": (
            "Open the {one} with the highest {amount} and look up its {person}.",
            "Which {one} has the most {amount}? Get it, then its {person}.",
            "Take the {one} with the greatest {amount}, and fetch the {person} in charge.",
            "Look at the {one} whose {amount} tops the list and at the {person} behind it.",
        ),
        "de": ("Öffne {one} mit dem höchsten Wert bei {amount} und sieh nach, wer {person} ist.",),
        "fr": ("Ouvre le {one} avec {amount} le plus élevé, puis son {person}.",),
    },
    "pick_filter": {
        "en": (
            "Of the {state} {many}, open the one with the lowest {amount}.",
            "Get the {state} {one} with the least {amount}.",
            "Show me the {one} with the smallest {amount} among those that are {state}.",
            "Some {many} are {state}. Open whichever of them has the lowest {amount}.",
        ),
        "de": ("Öffne unter den {many} mit {state} den Eintrag mit dem niedrigsten {amount}.",),
        "fr": ("Parmi les {many} {state}, ouvre celui avec {amount} le plus bas.",),
    },
    "pick_write": {
        "en": (
            "Flag the {one} with the latest date as seen.",
            "Mark the most recent {one} as seen.",
            "Set the newest {one} to seen.",
        ),
        "de": ("Markiere {one} mit dem neuesten Datum als gesehen.",),
        "fr": ("Marque le {one} le plus récent comme vu.",),
    },
    "same": {
        "en": (
            "Get the {one} with the highest {amount}, and its notes as well.",
            "Open the {one} with the most {amount}; then read its notes.",
            "Show the largest {one} by {amount} and the notes on it.",
        ),
        "de": ("Zeige {one} mit dem größten {amount} und die Notizen dazu.",),
        "fr": ("Montre le {one} au plus grand {amount} et ses notes.",),
    },
    "named": {
        "en": ('Show "{name}" in detail.', "Open the {one} {name}.", "Give me the details of {name}."),
        "de": ("Zeige {name} im Detail.",),
        "fr": ("Montre {name} en détail.",),
    },
    "link": {
        "en": ("Read the notes of {name} and open the link in them.", "Open the file that the notes on {name} point to."),
        "de": ("Lies die Notizen zu {name} und öffne den Link darin.",),
        "fr": ("Lis les notes de {name} et ouvre le lien.",),
    },
    "own_key": {
        "en": (
            "Check off the line of {name} with the most units.",
            "In {name}, mark the line with the highest number of units.",
            "Mark the largest line of {name} by units.",
        ),
        "de": ("Hake die Position von {name} mit den meisten units ab.",),
        "fr": ("Coche la ligne de {name} qui a le plus de units.",),
    },
    "export_equal": {
        "en": (
            "Export every {one} that is {state}.",
            "Start an export of all {state} {many}.",
            "Put the {state} {many} into an export.",
        ),
        "de": ("Exportiere alle {many} mit {state}.",),
        "fr": ("Exporte tous les {many} {state}.",),
    },
    "export_over": {
        "en": (
            "Export the {many} with {amount} over {limit}.",
            "Start an export of {many} whose {amount} is more than {limit} {unit}.",
            "Export every {one} above {limit} {unit}.",
            "All {many} beyond {limit} {unit} go into an export.",
        ),
        "de": ("Exportiere alle {many} mit {amount} über {limit} {unit}.",),
        "fr": ("Exporte les {many} dont {amount} dépasse {limit} {unit}.",),
    },
    "batch": {
        "en": (
            "Hand all {many} over as a batch, id and {number} only.",
            "Create a batch from the {many}: their id and their {number}.",
            "Send the whole list as a batch with id and {number}.",
        ),
        "de": ("Übergib alle {many} als Stapel, nur id und {number}.",),
        "fr": ("Transmets tous les {many} en lot, id et {number} seulement.",),
    },
    "joined": {
        "en": (
            "List the {state} {many} in the channel.",
            "Post the names of the {state} {many}.",
            "Tell the channel which {many} are {state}.",
        ),
        "de": ("Nenne die {many} mit {state} im Kanal.",),
        "fr": ("Cite les {many} {state} dans le canal.",),
    },
    "sentence": {
        "en": (
            "Post one line: how many {many} there are, total {amount}, and the {one} with the highest {amount}.",
            "Tell the channel the number of {many}, what their {amount} comes to and which {one} has the most.",
            "Write a short summary of the {many}: count, sum of {amount}, the leader by {amount}.",
        ),
        "de": ("Melde in einem Satz: Anzahl der {many}, Summe von {amount}, und wer bei {amount} führt.",),
        "fr": ("Publie une phrase : nombre de {many}, somme de {amount}, et le premier par {amount}.",),
    },
    "best": {
        "en": (
            "Check the scores of {names} and post the best one.",
            "Compare the scores of {names}; post which is highest.",
        ),
        "de": ("Vergleiche die Werte von {names} und melde den besten.",),
        "fr": ("Compare les notes de {names} et publie la meilleure.",),
    },
    "due": {
        "en": (
            "Create a task due {days} days after the latest {date}.",
            "Make a follow-up task, {days} days after the newest {one}.",
            "A task should be due {weeks} weeks from the most recent {date}.",
        ),
        "de": ("Lege eine Aufgabe an, fällig {days} Tage nach dem letzten {date}.",),
        "fr": ("Crée une tâche à faire {days} jours après le dernier {date}.",),
    },
    "recipient": {
        "en": ("Mail the contact of the {one} with the highest {amount}.", "Write to the contact of the largest {one} by {amount}."),
        "de": ("Schreibe an den Kontakt von {one} mit dem höchsten {amount}.",),
        "fr": ("Écris au contact du {one} avec le plus de {amount}.",),
    },
    "settings": {
        "en": ("File our standard settings for {many}.", "Put the usual thresholds for {many} on file."),
        "de": ("Lege unsere üblichen Einstellungen für {many} ab.",),
        "fr": ("Dépose nos réglages habituels pour les {many}.",),
    },
    "target": {
        "en": ("File a target of {target} for {series}.", "Set the {series} target to {target}."),
        "de": ("Setze das Ziel für {series} auf {target}.",),
        "fr": ("Fixe l'objectif de {series} à {target}.",),
    },
    "prose": {
        "en": ("Make a reminder to go over the {many} within {days} days.", "Remind the team to review the {many}."),
        "de": ("Lege eine Erinnerung an, die {many} binnen {days} Tagen zu prüfen.",),
        "fr": ("Crée un rappel pour revoir les {many} sous {days} jours.",),
    },
}  # fmt: skip
"""By task and language: sentences with slots."""
