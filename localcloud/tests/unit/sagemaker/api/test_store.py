"""Store the records of the local SageMaker in memory and on disk."""

import errno
import os
from pathlib import Path

import pytest

from localcloud.sagemaker.api.store import KINDS, RecordStore


def test_record_that_cannot_be_written_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = RecordStore(tmp_path, "000000000000", "us-east-1")
    kind = KINDS[0]
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", fail)
        with pytest.raises(OSError, match="No space left"):
            store.create(kind, {f"{kind.name}Name": "a"})
    assert store.find(kind, "a") is None
    assert "a" == store.create(kind, {f"{kind.name}Name": "a"})[f"{kind.name}Name"]
