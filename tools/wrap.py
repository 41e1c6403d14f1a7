#!/usr/bin/env python3
"""Writes the Go wrapper modules that the engines are built from: tools/NAME/go.mod and go.sum.

In: a name in tools/releases.toml, and to raise it a release and the Go module version of that release. Out: a module that
requires the tool with the tool's own `require`, `replace` and `exclude` lists, and a go.sum that holds the tool's own checksums.

Why a wrapper: `go install MODULE@VERSION` refuses a module with `replace`
(https://go.dev/ref/mod#go-install), and without the tool's own lists Go would pick other versions of its dependencies than
the tool was released with. With them, and with the tool's own go.sum, every byte is verified against what its authors built.

    python tools/wrap.py                                   # write all wrappers again, from the table
    python tools/wrap.py prometheus 3.16.0 v0.316.0        # raise one
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent
TABLE = TOOLS / "releases.toml"


def go(*arguments: str, cwd: Path = TOOLS) -> str:
    """What `go ARGUMENTS` prints; its own words on stderr and the end when it fails."""
    try:
        return subprocess.run(["go", *arguments], cwd=cwd, check=True, text=True, capture_output=True).stdout
    except FileNotFoundError:
        sys.exit("go is not installed; see https://go.dev/doc/install")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{failed.stdout}{failed.stderr}go {' '.join(arguments)} failed with exit code {failed.returncode}")


def raised(table: str, name: str, release: str, version: str) -> str:
    """The text of the table with another release of one tool; comments and all other lines stay."""
    section = re.compile(rf"(^\[{re.escape(name)}\]\n)(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
    old = tomllib.loads(table)[name]

    def rewrite(match: re.Match[str]) -> str:
        body = match[2].replace(f'release = "{old["release"]}"', f'release = "{release}"')
        body = body.replace(f'version = "{old["version"]}"', f'version = "{version}"')
        body = re.sub(rf'^(image = ".*){re.escape(old["release"])}"', rf'\g<1>{release}"', body, flags=re.MULTILINE)
        return match[1] + body

    return section.sub(rewrite, table)


def go_mod(name: str, tool: dict[str, Any], own: dict[str, Any]) -> str:
    """The wrapper's go.mod, from the tool's own (as `go mod edit -json` prints it)."""
    packages = sorted(f"{tool['module']}/{b['package']}".removesuffix("/.") for b in tool["binaries"].values() if "package" in b)
    lines = [
        f"// Written by `python tools/wrap.py` from the go.mod of {tool['module']} {tool['version']}. Do not edit.",
        f"module touchline/tools/{name}",
        "",
        f"go {tool.get('go', own['Go'])}",
        "",
        *(("tool (", *(f"\t{package}" for package in packages), ")", "") if packages else ()),
        f"require {tool['module']} {tool['version']}",
        "",
        "require (",
    ]
    lines += [f"\t{need['Path']} {need['Version']}" + " // indirect" for need in own["Require"]]
    lines.append(")")
    for block in own.get("Replace") or ():
        if "Version" not in block["New"]:
            sys.exit(f"{name}: {block['Old']['Path']} is replaced by a folder of the tool's repository, which no module holds")
        old = " ".join(filter(None, (block["Old"]["Path"], block["Old"].get("Version"))))
        lines += ["", f"replace {old} => {block['New']['Path']} {block['New']['Version']}"]
    for block in own.get("Exclude") or ():
        lines += ["", f"exclude {block['Path']} {block['Version']}"]
    return "\n".join(lines) + "\n"


def wrap(name: str, tool: dict[str, Any]) -> None:
    """Write tools/NAME/go.mod and go.sum. The tool itself is verified against the checksum database as it is downloaded."""
    found = json.loads(go("mod", "download", "-json", f"{tool['module']}@{tool['version']}"))
    own = json.loads(go("mod", "edit", "-json", found["GoMod"]))
    sums = set((Path(found["Dir"]) / "go.sum").read_text(encoding="utf-8").splitlines())
    sums.add(f"{tool['module']} {tool['version']} {found['Sum']}")
    sums.add(f"{tool['module']} {tool['version']}/go.mod {found['GoModSum']}")
    home = TOOLS / name
    home.mkdir(exist_ok=True)
    (home / "go.mod").write_text(go_mod(name, tool, own), encoding="utf-8")
    (home / "go.sum").write_text("\n".join(sorted(sums)) + "\n", encoding="utf-8")
    # Go refuses to build when a line is missing or superfluous by its own reckoning; ask now rather than in somebody's build.
    package = "tool" if any("package" in binary for binary in tool["binaries"].values()) else "./..."
    go("list", "-mod=readonly", "-deps", "-test", "-f", "{{.ImportPath}}", package, cwd=home)
    print(f"tools/{name}: {tool['module']} {tool['version']} (release {tool['release']})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the Go wrapper modules of the engines; raise one of them.")
    parser.add_argument("name", nargs="?", help="a name in tools/releases.toml; without one, all")
    parser.add_argument("release", nargs="?", help="what the project calls its release, e.g. 3.16.0")
    parser.add_argument("version", nargs="?", help="what its Go module calls the same release, e.g. v0.316.0")
    given = parser.parse_args()
    text = TABLE.read_text(encoding="utf-8")
    if given.name is not None and given.name not in tomllib.loads(text):
        parser.error(f"{given.name} is not in tools/releases.toml: {', '.join(tomllib.loads(text))}")
    if (given.release is None) != (given.version is None):
        parser.error("a release needs the Go module version of the same release beside it")
    if given.release is not None:
        text = raised(text, given.name, given.release.removeprefix("v"), given.version)
    for name, tool in tomllib.loads(text).items():
        if given.name in (None, name):
            wrap(name, tool)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
