"""P9 on a PostgreSQL server: no personal value in its tables, its write-ahead log or its own log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.databases import Cluster, PostgresServer
from tests.promises.test_marked_values import NAME, NOTE, SOUGHT, MarkedPilot


class OnServer(MarkedPilot):
    """The marked pilot with its store on a server."""

    url = ""

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**super().environment(more), "PERINTIS_DATABASE_URL": self.url}


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_no_personal_value_in_the_files_of_a_server(postgres_cluster: Cluster, tmp_path: Path) -> None:
    """Cases that ran and failed, were answered, refused an answer and withdrawn; the server is stopped, so that all is
    on disk."""
    pilot = OnServer(tmp_path)
    pilot.url = PostgresServer(postgres_cluster.admin_url).create()
    pilot.perintis("run", "small", str(pilot.applications(60)), "--without-prefect")
    first, second = json.loads(pilot.perintis("inbox", "office", "--json"))[:2]
    answer = pilot.folder / "answer.json"
    for text, fails in ((json.dumps({"ok": True, "note": f"{NOTE} {NAME}"}), False), (f'{{"ok": "{NAME}"}}', True)):
        answer.write_text(text, "utf-8")
        work = second if fails else first
        pilot.perintis("answer", str(work["work"]), str(answer), "--officer", "o", fails=fails)
    pilot.perintis("withdraw", second["reference"], "--reason", f"{NAME} moved away", "--yes")
    postgres_cluster.stop()
    try:
        data = postgres_cluster.data
        files = [path for path in data.parent.rglob("*") if path.is_file()]
        found = {str(path): SOUGHT.search(path.read_bytes().replace(bytes(64), b"")) for path in files}
        assert {path: leak for path, leak in found.items() if leak} == {}
        assert SOUGHT.search(pilot.printed.encode()) is None
        assert any(b"R-59" in path.read_bytes() for path in (data / "base").rglob("*") if path.is_file())
    finally:
        postgres_cluster.start()
