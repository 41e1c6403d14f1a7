"""A call loads what its verb needs, and no more; the table of verbs names every module that is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from operate.__main__ import VERBS, main

ROOT = Path(__file__).resolve().parents[2]
LOADED = """
import sys
from operate.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
sys.stderr.write("\\n".join(sys.modules))
"""


def _loaded(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", LOADED, *arguments]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return set(answer.stderr.split())


def test_help_loads_neither_compiler_nor_pictures() -> None:
    found = _loaded("--help")
    assert not {"rich", "yaml", "pydantic", "generators.build", *(f"operate.commands.{verb}" for verb in VERBS)} & found


@pytest.mark.parametrize(
    ("verb", "spared"), [("audit", "generators.build"), ("schema", "generators.build"), ("status", "pydantic")]
)
def test_a_verb_spares_what_others_need(verb: str, spared: str) -> None:
    found = _loaded(verb, "--help")
    assert f"operate.commands.{verb}" in found
    assert spared not in found


def test_each_verb_has_its_module_and_each_module_its_verb() -> None:
    modules = (
        path for path in (ROOT / "operate" / "commands").glob("[a-z]*.py") if "\ndef run(" in path.read_text(encoding="utf-8")
    )
    assert {path.stem for path in modules} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_tells_what_it_does(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert not ended.value.code
    assert f"`touchline {verb}" in capsys.readouterr().out
