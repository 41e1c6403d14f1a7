"""`touchline generate` and `touchline check`: what is changed, missing or orphaned is found byte for byte. A faulty
spec changes nothing."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from operate import generated
from operate.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
FILES = {"prometheus/prometheus.yml": "a: 1\n", "docs/runbooks/One.md": "# 一\n", "spec/schema.json": "{}\n"}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the shipped spec alone, which is where the command runs."""
    shutil.copytree(ROOT / "spec", tmp_path / "spec", ignore=shutil.ignore_patterns("schema.json"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_differences_are_found_byte_for_byte(tmp_path: Path) -> None:
    generated.write(tmp_path, FILES)
    assert generated.differences(tmp_path, FILES) == ()
    (tmp_path / "prometheus/prometheus.yml").write_bytes(b"a: 1\r\n")
    (tmp_path / "docs/runbooks/One.md").unlink()
    (tmp_path / "grafana/dashboards").mkdir(parents=True)
    (tmp_path / "grafana/dashboards/old.json").write_text("{}")
    assert [(one.path, one.kind) for one in generated.differences(tmp_path, FILES)] == [
        ("docs/runbooks/One.md", "missing"),
        ("grafana/dashboards/old.json", "orphaned"),
        ("prometheus/prometheus.yml", "changed"),
    ]


def test_write_mends_every_difference_and_leaves_what_people_wrote(tmp_path: Path) -> None:
    notes = tmp_path / "docs/runbooks/notes/One.md"
    notes.parent.mkdir(parents=True)
    notes.write_text("by hand")
    (tmp_path / "jaeger/old").mkdir(parents=True)
    (tmp_path / "jaeger/old/config.yaml").write_text("left behind")
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec/football.yaml").write_text("by hand")
    assert len(generated.write(tmp_path, FILES)) == 4
    assert generated.differences(tmp_path, FILES) == ()
    assert not (tmp_path / "jaeger").exists()
    assert (notes.read_text(), (tmp_path / "spec/football.yaml").read_text()) == ("by hand", "by hand")
    assert stat.S_IMODE((tmp_path / "spec/schema.json").stat().st_mode) == 0o644


def test_a_write_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated.write(tmp_path, FILES)
    stage = generated._stage
    staged: list[Path] = []

    def full_disk(final: Path, text: str) -> Path:
        if staged:
            raise OSError(28, "No space left on device")
        staged.append(stage(final, text))
        return staged[-1]

    monkeypatch.setattr(generated, "_stage", full_disk)
    with pytest.raises(OSError, match="No space"):
        generated.write(tmp_path, {name: text + "more" for name, text in FILES.items()})
    assert generated.differences(tmp_path, FILES) == ()
    assert list(tmp_path.rglob("*.touchline")) == []


def test_put_leaves_other_files_of_a_directory_alone(tmp_path: Path) -> None:
    (tmp_path / "prometheus").mkdir()
    (tmp_path / "prometheus/ours.yml").write_text("theirs")
    generated.put(tmp_path, FILES)
    assert (tmp_path / "prometheus/ours.yml").read_text() == "theirs"
    assert (tmp_path / "prometheus/prometheus.yml").read_text() == "a: 1\n"


def test_generate_then_check_is_content(clone: Path) -> None:
    assert main(["generate"]) == 0
    assert main(["check"]) == 0
    written = sorted(
        str(p.relative_to(clone)) for p in clone.rglob("*") if p.is_file() and "spec/" not in str(p.relative_to(clone))
    )
    assert "prometheus/prometheus.yml" in written
    assert "compose/docker-compose.yml" in written
    assert "alertmanager/alertmanager.yml" in written


def test_check_lists_what_is_changed_missing_and_orphaned(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate"])
    capsys.readouterr()
    with open(clone / "prometheus/prometheus.yml", "a") as file:
        file.write("#")
    (clone / "alertmanager/alertmanager.yml").unlink()
    (clone / "docs/runbooks/Gone.md").write_text("an alert that is no more")
    assert main(["check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "alertmanager/alertmanager.yml: missing: is missing",
        "docs/runbooks/Gone.md: orphaned: is generated from nothing in the spec",
        "prometheus/prometheus.yml: changed: is not what the spec says",
    ]
    assert main(["check", "--format", "json"]) == 1
    assert [one["kind"] for one in json.loads(capsys.readouterr().out)["files"]] == ["missing", "orphaned", "changed"]
    assert main(["--format", "github", "check"]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("::error file=docs/runbooks/Gone.md,title=orphaned::")


def test_a_faulty_spec_changes_nothing_on_disk(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate"])
    spec = clone / "spec/football.yaml"
    spec.write_text(spec.read_text() + "\nnonsense: {of: mine}\n")
    (clone / "prometheus/prometheus.yml").write_text("left as it is")
    line = spec.read_text().splitlines().index("nonsense: {of: mine}") + 1
    capsys.readouterr()
    assert main(["generate"]) == 1
    assert f"spec/football.yaml:{line}:1: error[" in capsys.readouterr().err
    assert (clone / "prometheus/prometheus.yml").read_text() == "left as it is"
    assert main(["check", "--format", "json"]) == 1
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(line, 1)]
    assert main(["check", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith(f"::error file=spec/football.yaml,line={line},col=1,title=")


def test_build_writes_only_the_parts_asked_for(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "spec/football.yaml", "--out", "out", "--only", "rules,routes"]) == 0
    tops = {path.relative_to(clone / "out").parts[0] for path in (clone / "out").rglob("*") if path.is_file()}
    assert tops == {"prometheus", "alertmanager"}
    assert not (clone / "out/prometheus/prometheus.yml").exists()
    assert main(["build", "--out", "out", "--only", "rules,cakes"]) == 1
    assert "--only cakes: there is no such part" in capsys.readouterr().err


def test_a_module_that_nobody_asks_for_any_more_is_an_orphan_and_another_projects_is_not(clone: Path) -> None:
    assert main(["generate"]) == 0
    module = clone / "examples/football/football_api/telemetry.py"
    moved, theirs = clone / "old/place/telemetry.py", clone / "shop/telemetry.py"
    for path, text in ((moved, module.read_text()), (theirs, module.read_text().replace("football-prediction", "shop"))):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    module.write_text(module.read_text() + "# by hand\n")
    assert main(["check"]) == 1
    assert main(["generate"]) == 0
    assert (moved.exists(), theirs.exists(), module.read_text().endswith(")\n")) == (False, True, True)
    assert main(["check"]) == 0
