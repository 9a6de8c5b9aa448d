"""Reference pages and picture of chains: those in the repository are those that the chain files give."""

from pathlib import Path

from command_line import Refsys

from refsys.chains.chain_files import shipped_chains
from refsys.chains.relations import relations
from refsys.services.chain_pages import chain_page, index_page
from refsys.services.chain_picture import draw_chains

PAGES = Path(__file__).resolve().parents[2] / "docs" / "chains" / "reference"


def test_the_pages_in_the_repository_are_those_of_the_chain_files() -> None:
    shipped = shipped_chains()
    expected = {f"{name.lower()}.md" for name in shipped} | {"README.md"}
    assert {path.name for path in PAGES.glob("*.md")} == expected, "run `make docs`"
    assert (PAGES / "README.md").read_text("utf-8") == index_page(shipped), "run `make docs`"
    found = relations(shipped)
    stale = [
        name
        for name, chain in shipped.items()
        if (PAGES / f"{name.lower()}.md").read_text("utf-8") != chain_page(chain, found)
    ]
    assert stale == [], "run `make docs`"


def test_a_page_says_what_starts_a_chain_what_it_reads_and_what_follows() -> None:
    shipped = shipped_chains()
    page = chain_page(shipped["S1-L1-SLC"], relations(shipped))
    assert "S?_RAW__0S" in page
    assert "| `AUX_INS`" in page
    assert "triggers [S1-L1-GRD](s1-l1-grd.md)" in page
    assert "LatestValCover" in page


def test_the_picture_is_the_same_twice_and_names_every_chain() -> None:
    shipped = {name: chain for name, chain in shipped_chains().items() if name.startswith("S1-L")}
    picture = draw_chains(shipped, "svg")
    assert picture == draw_chains(shipped, "svg")
    assert b"S1-L0 to S1-L1-SLC" in picture


def test_the_commands_write_pages_and_pictures(new_home: Refsys, tmp_path: Path) -> None:
    assert "pages" in new_home("chains", "docs", str(tmp_path / "pages")).out
    assert (tmp_path / "pages" / "s3-sm2-hy.md").is_file()
    new_home("chains", "graph", str(tmp_path / "who.png"))
    assert (tmp_path / "who.png").read_bytes().startswith(b"\x89PNG")
    edge = {"maker": "S1-L0", "product_type": "??_RAW__0S", "taker": "S1-L1-SLC", "kind": "triggers"}
    assert edge in new_home("chains", "graph", "--json").json
    assert new_home("chains", "graph", str(tmp_path / "who.pdf"), ok=False).exit_code == 1
