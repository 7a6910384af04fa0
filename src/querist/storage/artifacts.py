"""Folders kept by the digest of their content: the weights of every round."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from querist.core.errors import ArgumentError, ResourceError, StateError, shorten
from querist.data.atomic import TEMPORARY, disk_full_named, staging, sync_folder, sync_tree
from querist.storage.digest import folder_digest

__all__ = ["Artifacts"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAMAGED = ".damaged-"


class Artifacts:
    """A folder of folders, each named by the digest of what it holds.

    What has a name here is whole: it is written beside, synced, and renamed. Nothing is ever overwritten.

    Args:
        folder: where they lie; made when something is first put.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def put(self, content: Path | bytes) -> str:
        """Keep a folder (or bytes, as a folder with the one file ``content``) and return its digest.

        It is on the disk when this returns. The same content is kept once; a kept copy that was damaged since is set
        aside and replaced.

        Raises:
            ArgumentError: ``content`` is no folder (code ``NotAFolder``).
            ResourceError: no space (code ``DiskFull``) or no right to write (``NotWritable``); nothing is left behind.
        """
        if not isinstance(content, bytes) and not Path(content).is_dir():
            raise ArgumentError(f"a folder or bytes can be kept; {shorten(content)} is neither", code="NotAFolder")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (
                disk_full_named(self.folder, "Everything kept before is whole."),
                staging(self.folder) as box,
            ):
                fresh = box / "kept"
                if isinstance(content, bytes):
                    fresh.mkdir()
                    (fresh / "content").write_bytes(content)
                else:
                    shutil.copytree(content, fresh, symlinks=True)
                digest = folder_digest(fresh)  # of the copy: what is named is what lies there
                self._place(fresh, digest)
        except PermissionError as error:
            raise ResourceError(
                f"{self.folder} cannot be written ({error.strerror}); look at its permissions", code="NotWritable"
            ) from error
        return digest

    def has(self, digest: str) -> bool:
        """Whether a folder of this digest is kept; whether it is still whole says `get`. Other names are not kept."""
        return isinstance(digest, str) and bool(_DIGEST.fullmatch(digest)) and self._path(digest).is_dir()

    def get(self, digest: str) -> Path:
        """The kept folder, compared with its digest.

        Raises:
            StateError: it is not there (code ``NoArtifact``), or its content has changed (code ``DigestMismatch``).
            ArgumentError: ``digest`` is none (code ``BadDigest``).
        """
        path = self._path(digest)
        if not path.is_dir():
            raise StateError(
                f"there is no artifact {digest} in {self.folder}; bring it back from a backup with "
                "'querist restore BACKUP NEW_FOLDER'",
                code="NoArtifact",
            )
        fault = self.fault(digest)
        if fault:
            raise StateError(
                f"{path} is damaged: {fault}. Nothing was changed; bring the project back from a backup with "
                "'querist restore BACKUP NEW_FOLDER'",
                code="DigestMismatch",
            )
        return path

    def drop(self, digest: str) -> None:
        """Let a kept folder go; a kill in between leaves nothing under its name. One that is not there is gone already."""
        path = self._path(digest)
        if path.is_dir():
            gone = self.folder / f"{TEMPORARY}{digest[:16]}-gone"
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(path, gone)
            shutil.rmtree(gone, ignore_errors=True)

    def fault(self, digest: str) -> str:
        """What is wrong with a kept folder, or "" when it is whole."""
        path = self._path(digest)
        try:
            now = folder_digest(path)
        except (OSError, ValueError) as error:
            return f"it cannot be read ({error})"
        return "" if now == digest else f"the digest of its content is {now}, not its name"

    def digests(self) -> Iterator[str]:
        """Digests of everything kept, sorted."""
        if self.folder.is_dir():
            yield from sorted(p.name for p in self.folder.iterdir() if _DIGEST.fullmatch(p.name) and p.is_dir())

    def leftovers(self) -> list[Path]:
        """Unfinished and damaged folders: what a killed process left, and what was set aside."""
        if not self.folder.is_dir():
            return []
        return sorted(p for p in self.folder.iterdir() if p.name.startswith((TEMPORARY, _DAMAGED)))

    def _path(self, digest: str) -> Path:
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ArgumentError(
                f"a digest has 64 characters from 0-9 and a-f, got {shorten(digest)!r}", code="BadDigest"
            )
        return self.folder / digest

    def _place(self, fresh: Path, digest: str) -> None:
        path = self._path(digest)
        if path.exists():
            if not self.fault(digest):
                return
            aside = next(p for n in range(10_000) if not (p := self.folder / f"{_DAMAGED}{digest[:16]}-{n}").exists())
            os.rename(path, aside)
        sync_tree(fresh)
        try:
            os.rename(fresh, path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # else another process was quicker with the same
                raise
        sync_folder(self.folder)
