# SPDX-License-Identifier: EUPL-1.2
"""Static files: read once, named after their content, compressed beforehand, cached for a year.

- Only files that stand in `intake/static/` when the process starts are served; no path of a request reaches the disk.
- Nothing else on the site is ever compressed, so that no answer's length depends on a secret in it.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = Path(__file__).resolve().parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file ready to send."""

    media_type: str
    plain: bytes
    compressed: bytes


@dataclass(frozen=True)
class Bundle:
    """The browser's script, as a page refers to it."""

    url: str
    integrity: str


class Assets:
    """All static files of the site, by the name under which they are served."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read the folder."""
        self._files: Final[dict[str, Asset]] = {}
        self._urls: Final[dict[str, str]] = {}
        self.bundle: Final = self._read_bundle(folder)
        for path in sorted(folder.iterdir()):
            if path.suffix == ".txt":
                # Licences: their address stands in the script and stays the same.
                self._add(path.name, path.name, path.read_bytes())
            elif path.suffix in {".css", ".svg"}:
                content = path.read_bytes()
                digest = hashlib.sha256(content).hexdigest()[:12]
                self._add(path.name, f"{path.stem}-{digest}{path.suffix}", content)

    def _add(self, name: str, served: str, content: bytes) -> str:
        compressed = gzip.compress(content, 9, mtime=0)
        self._files[served] = Asset(_TYPES[Path(served).suffix], content, compressed)
        self._urls[name] = f"/static/{served}"
        return self._urls[name]

    def _read_bundle(self, folder: Path) -> Bundle | None:
        try:
            about = json.loads((folder / "bundle.json").read_bytes())
            content = (folder / about["file"]).read_bytes()
        except FileNotFoundError:
            return None
        return Bundle(self._add(about["file"], about["file"], content), about["integrity"])

    def url(self, name: str) -> str:
        """Return the address of a file by its plain name; KeyError when there is none."""
        return self._urls[name]

    async def serve(self, request: Request) -> Response:
        """Answer `GET /static/{name}`."""
        asset = self._files.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        headers = {"vary": "accept-encoding", "content-type": asset.media_type}
        if not request.path_params["name"].endswith(".txt"):
            headers["cache-control"] = _FOREVER
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.compressed, headers=headers | {"content-encoding": "gzip"})
        return Response(asset.plain, headers=headers)
