"""Words that are often misspelt are spelt right, in pages and in what the package says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT

WRONG = (
    *("abount", "accomodate", "accross", "acheive", "adress", "agressive", "allready", "alot"),
    *("apparant", "appearence", "arguement", "asociated", "asyncronous", "attachement", "authentification", "availble"),
    *("becasue", "becuase", "begining", "beleive", "calender", "cancelation", "catagory", "charachter", "comming"),
    *("commited", "commiting", "comparision", "compatability", "completly", "concious", "configuraton", "connexion"),
    *("consistant", "containes", "correponding", "curently", "defaul", "definately", "dependancy"),
    *(
        "depricated",
        "desciption",
        "diffrent",
        "dissapear",
        "documention",
        "doesnt",
        "embarass",
        "enviroment",
        "equiped",
    ),
    *("excecute", "existance", "existant", "explicitely", "familar", "finaly", "folowing", "foward", "freqency"),
    *("fullfil", "funtion", "goverment", "garantee", "guarentee", "happend", "heigth", "identifer", "immediatly"),
    *("implemenation", "independant", "infomation", "initalize", "inital", "inteface", "interupt", "intial"),
    *("invokation", "jsut", "knowlege", "lenght", "libary", "lisence", "maintainance", "managment", "manualy"),
    *("mesage", "millenium", "mispell", "neccessary", "necesary", "negociate", "occassion", "occured", "occuring"),
    *("occurence", "ommit", "ommited", "optionaly", "orginal", "overriden", "paramater", "parameteres", "particulary"),
    *("perfomance", "permision", "persistant", "posible", "posession", "precedance", "prefered", "preferrable"),
    *("privelege", "priviledge", "probaly", "proccess", "programatically", "propery", "publically", "recieve"),
    *("recomend", "refered", "refering", "relevent", "remeber", "repitition", "reponse", "requirment", "reuslt"),
    *("retreive", "retuns", "runing", "seperate", "seperator", "sucess", "succesful", "succesfully", "suport"),
    *("supress", "suprise", "syncronous", "teh", "temorary", "thier", "threshhold", "tranfer", "transfered", "truely"),
    *("unneccessary", "untill", "usefull", "usualy", "valide", "varaible", "wether", "wich", "writen"),
    *("writting", "yeild"),
)
"""Spellings that no word of ours has."""

PATTERN = re.compile(rf"\b(?:{'|'.join(WRONG)})\b", re.IGNORECASE)


def texts() -> list[Path]:
    """Return what people read: pages, source and templates, as far as they are under version control."""
    asked = ["git", "ls-files", "-z", "*.md", "airflow_provider_vai/*.py", "dag_templates", "dev"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kept = (".md", ".py", ".jinja", ".yml", ".toml", "")
    return [ROOT / name for name in listed.split("\0") if name and Path(name).suffix in kept]


def test_nothing_is_misspelt() -> None:
    """No page, docstring or message has one of the common misspellings."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {wrong[0]}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        for wrong in PATTERN.finditer(line)
    ]

    assert found == []


@pytest.mark.parametrize(("line", "is_wrong"), [("it is seperate", True), ("Occured once", True), ("separate", False)])
def test_misspelt_words_are_noticed(line: str, is_wrong: bool) -> None:
    """Whatever their case; parts of other words do not count."""
    assert bool(PATTERN.search(line)) is is_wrong
