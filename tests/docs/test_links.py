"""The documents hold together: every relative link leads to a file and a heading that are there, every decision is in the index,
and no file of the project names a machine's own paths, a package registry's host or who typed it. In: the files git knows or
would add. Each check is also run on a small bad repository, so that it is seen to find what it is for."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"

# In pieces, so that this file does not hold what it forbids.
MACHINE_PATHS = tuple("/" + "/".join(parts) for parts in (("root", ""), ("work", "main"), ("work", "shared"), ("tmp", "brief")))
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("npmjs", "com"),
        ("proxy", "golang"),
        ("sum", "golang"),
        ("crates", "io"),
        ("registry", "terraform"),
    )
)
AUTHORSHIP = tuple("".join(parts) for parts in (("co-authored", "-by:"), ("chat", "gpt"), ("anthro", "pic"), ("openai", ".com")))
FORBIDDEN = re.compile("|".join(re.escape(word) for word in MACHINE_PATHS + REGISTRIES + AUTHORSHIP), re.IGNORECASE)

EXPLICIT_ANCHOR = re.compile(r"""<a\s+(?:id|name)=["']([^"']+)["']""")
MARKDOWN = MarkdownIt("commonmark").enable("table")


def project_files(pattern: str = "*") -> list[Path]:
    """What git tracks or would add, as it stands on disk."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted({ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def tokens_of(document: Path) -> Iterator[Token]:
    for block in MARKDOWN.parse(document.read_text(encoding="utf-8")):
        yield block
        yield from block.children or ()


def plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def slug(heading: str) -> str:
    """The anchor GitHub gives a heading: lower case, letters, digits, `-` and `_` kept, blanks become `-`."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    found: set[str] = set()
    seen: dict[str, int] = {}
    before = ""
    for token in tokens_of(document):
        if token.type == "inline" and before == "heading_open":
            name = slug(plain(token))
            times = seen[name] = seen.get(name, -1) + 1
            found.add(f"{name}-{times}" if times else name)
        if token.type in ("html_inline", "html_block"):
            found.update(EXPLICIT_ANCHOR.findall(token.content))
        before = token.type
    return found


def targets(document: Path) -> Iterator[str]:
    for token in tokens_of(document):
        target = token.attrGet({"link_open": "href", "image": "src"}.get(token.type, ""))
        if isinstance(target, str):
            yield target


def broken_links(root: Path, documents: Iterable[Path]) -> list[str]:
    return [
        f"{document.relative_to(root)}: {target}: {why}"
        for document in documents
        for target in targets(document)
        if (why := broken(root, document, target))
    ]


def broken(root: Path, document: Path, target: str) -> str:
    """Why a link leads nowhere; empty when it is sound, or leads out to the web, which this test does not ask."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
        return ""
    path, _, anchor = unquote(target).partition("#")
    if path.startswith("/"):
        return "absolute; it works on no web page and in no other clone"
    there = (document.parent / path).resolve() if path else document
    if not there.is_relative_to(root):
        return "leads out of the project"
    if not there.exists():
        return "no such file"
    if anchor and there.suffix == ".md" and anchor not in anchors(there):
        return f"no heading #{anchor}; there are {', '.join(sorted(anchors(there)))}"
    return ""


def unlisted(folder: Path) -> list[str]:
    """Documents of a folder that its README.md does not link to."""
    linked = {unquote(target).partition("#")[0] for target in targets(folder / "README.md")}
    return sorted(path.name for path in folder.glob("*.md") if path.name != "README.md" and path.name not in linked)


def forbidden_words(root: Path, files: Iterable[Path]) -> list[str]:
    found = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture or another binary has no words
        hits = ((number, FORBIDDEN.search(line)) for number, line in enumerate(lines, 1))
        found += [f"{path.relative_to(root)}:{number}: {hit[0]}" for number, hit in hits if hit]
    return found


def test_every_relative_link_leads_somewhere() -> None:
    documents = project_files("*.md")
    assert DECISIONS / "README.md" in documents
    assert broken_links(ROOT, documents) == []


def test_every_decision_is_in_the_index() -> None:
    assert unlisted(DECISIONS) == [], "add a row to docs/decisions/README.md"


def test_no_file_names_what_is_not_the_projects() -> None:
    assert forbidden_words(ROOT, project_files()) == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text('# Setting `up`, twice\n\n## 告警\n\n## 告警\n\n<a id="by-hand"></a>\n')
    return tmp_path


def links_of(root: Path, text: str) -> list[str]:
    page = root / "page.md"
    page.write_text(text)
    return broken_links(root, [page])


@pytest.mark.parametrize(
    "link",
    [
        "[a](docs/other.md)",
        "[a](docs/)",
        "[a](docs/other.md#setting-up-twice)",
        "[a](docs/other.md#by-hand)",
        "[a](docs/other.md#%E5%91%8A%E8%AD%A6-1)",
        "[a](#here)\n\n# Here",
        "[a][b]\n\n[b]: docs/other.md",
        "[a](https://example.com/no/such/page)",
        "`[a](nowhere.md)`",
        "```\n[a](nowhere.md)\n```",
    ],
)
def test_sound_links_pass(small: Path, link: str) -> None:
    assert links_of(small, link) == []


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("[a](docs/gone.md)", "no such file"),
        ("![a](docs/gone.png)", "no such file"),
        ("[a][b]\n\n[b]: gone.md", "no such file"),
        ("| a |\n|---|\n| [a](gone.md) |", "no such file"),
        ("[a](docs/other.md#gone)", "no heading #gone"),
        ("[a](docs/other.md#告警-2)", "no heading #告警-2"),
        ("[a](#gone)", "no heading #gone"),
        ("[a](../outside.md)", "leads out"),
        ("[a](/docs/other.md)", "absolute"),
    ],
)
def test_broken_links_are_found(small: Path, link: str, why: str) -> None:
    (fault,) = links_of(small, link)
    assert fault.startswith("page.md: ")
    assert why in fault


def test_a_decision_missing_from_the_index_is_found(tmp_path: Path) -> None:
    (tmp_path / "0001-one.md").write_text("# 1\n")
    (tmp_path / "0002-two.md").write_text("# 2\n")
    (tmp_path / "README.md").write_text("[one](0001-one.md#1), and `0002-two.md` only in words\n")
    assert unlisted(tmp_path) == ["0002-two.md"]


@pytest.mark.parametrize("word", MACHINE_PATHS + REGISTRIES + AUTHORSHIP)
def test_a_forbidden_word_is_found(tmp_path: Path, word: str) -> None:
    page = tmp_path / "page.py"
    page.write_text(f"fine\nsee {word.upper()}x\n")
    assert forbidden_words(tmp_path, [page]) == [f"page.py:2: {word.upper()}"]


def test_innocent_words_pass(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("network/maintenance, the root / of a tree, docker.io/prom/prometheus, jaeger-agent, go.dev\n")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    assert forbidden_words(tmp_path, [page, picture]) == []
