"""What the demo needs of this machine. In: nothing. Out: the packages that are missing, all at once, and how to install them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("initdb", "postgres", "psql"),
    "redis-server": ("redis-server",),
    "prometheus-postgres-exporter": ("postgres_exporter", "prometheus-postgres-exporter"),
    "prometheus-redis-exporter": ("redis_exporter", "prometheus-redis-exporter"),
}
"""Package of Debian and Ubuntu -> programs, any of which shows that it is there."""
FOLDERS = ("/usr/local/bin", "/usr/bin")
DEBIAN = Path("/usr/lib/postgresql")


def missing() -> tuple[str, ...]:
    """Packages of which no program is here."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS, *map(str, DEBIAN.glob("*/bin"))])
    return tuple(name for name, programs in PACKAGES.items() if not any(shutil.which(one, path=places) for one in programs))


def remedy(packages: tuple[str, ...]) -> str:
    """What to do about them."""
    names = " ".join(packages)
    return (
        f"not installed here: {', '.join(packages)}. On Debian or Ubuntu: apt-get install -y --no-install-recommends {names}. "
        f"Where systemd runs, the packages start services on the demo's ports; free them: systemctl disable --now {names}"
    )
