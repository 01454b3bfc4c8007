"""Facts about CITATION.cff: who reads it finds what it must have, of the version that this is."""

import re
import tomllib

import pytest
import yaml

from tests.support.workflow import ROOT

README = ROOT / "README.md"


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_what_the_format_asks_for_is_there(citation):
    assert citation["cff-version"] == "1.2.0"
    assert {"title", "authors", "message"} <= citation.keys()
    assert citation["authors"] == [{"name": "The neuron-pitfalls developers"}]


def test_it_says_of_the_project_what_pyproject_says(citation):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["title"] == project["name"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


def test_the_paper_is_a_reference(citation):
    (paper,) = citation["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Antverg", "Belinkov"]
    assert paper["type"] == "conference-paper"
    readme = " ".join(README.read_text().split())
    assert f"*{paper['title']}*, ICLR {paper['year']}" in readme


def test_the_readme_cites_what_the_file_cites(citation):
    entries = re.findall(r"^@(\w+)\{.*?\n\}", README.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert entries == ["inproceedings", "software"]
    said = " ".join(README.read_text().partition("```bibtex")[2].partition("```")[0].split())
    (paper,) = citation["references"]
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in said
    assert f"title = {{{paper['title']}}}" in said
    assert f"year = {{{paper['year']}}}" in said
    assert f"version = {{{citation['version']}}}" in said
    assert f"{{{{{citation['authors'][0]['name']}}}}}" in said
