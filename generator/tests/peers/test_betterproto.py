"""betterproto2's messages, generated beside ours: the same bytes, up to what its Python types cannot hold.

Why it is the peer and not the source of messages: docs/decisions/0007-protobuf-py-in-process.md.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from protobuf.wkt import Timestamp

from api.identity.v1 import ApiKey, Creator, CreatorStatus
from generator.tests.docs.pages import ROOT

EPOCH_2100 = 4102444800


@pytest.fixture(scope="module")
def theirs() -> Iterator[Any]:
    """The committed peers of identity; other tests make packages of that name too."""
    _forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "generated" / "tests" / "peers")
        yield importlib.import_module("tenon_peers.identity.v1")
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "tenon_peers"]:
        del sys.modules[name]


def creators(count: int) -> list[Creator]:
    """The same every time, with times to the microsecond."""
    random_ = random.Random(7)
    return [
        Creator(
            creator_id=f"{random_.getrandbits(128):032x}",
            handle="".join(random_.choices("äöü_abc", k=8)),
            status=random_.choice(list(CreatorStatus)),
            version=random_.getrandbits(63),
            registered_at=Timestamp(seconds=random_.randrange(EPOCH_2100), nanos=random_.randrange(1_000_000) * 1000),
        )
        for _ in range(count)
    ]


def test_both_read_what_the_other_wrote(theirs: Any) -> None:
    for creator in creators(300):
        read = theirs.Creator.parse(creator.to_binary())
        assert read.handle == creator.handle
        assert Creator.from_binary(bytes(read)) == creator


def test_repeated_fields_and_absence(theirs: Any) -> None:
    key = ApiKey(api_key_id="1", scopes=["a:b", "", "c:d"], created_at=Timestamp(seconds=1))
    read = theirs.ApiKey.parse(key.to_binary())
    assert (read.scopes, read.revoked_at) == (["a:b", "", "c:d"], None)
    assert ApiKey.from_binary(bytes(read)) == key


def test_it_loses_nanoseconds(theirs: Any) -> None:
    sent = Creator(creator_id="1", registered_at=Timestamp(seconds=1, nanos=123_456_789))
    back = Creator.from_binary(bytes(theirs.Creator.parse(sent.to_binary())))
    assert back.registered_at == Timestamp(seconds=1, nanos=123_456_000)
