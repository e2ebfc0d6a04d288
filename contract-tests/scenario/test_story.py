"""The story on a platform of its own: what `make demo` shows, asserted."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tenon.platform import Options, Platform

ROOT = Path(__file__).parents[2]


def _load_story() -> ModuleType:
    spec = importlib.util.spec_from_file_location("story", Path(__file__).with_name("story.py"))
    assert spec is not None and spec.loader is not None
    story = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(story)
    return story


class Told:
    """Keeps the titles."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        yield lambda detail: None
        self.steps.append(title)


async def test_the_story_twice_on_one_platform() -> None:
    """Twice: the second time on the data, the streams and the keys of the first."""
    story, told = _load_story(), Told()
    with tempfile.TemporaryDirectory(prefix="tenon-story-") as folder:
        async with Platform(ROOT, Options(environment=story.ENVIRONMENT, run_dir=Path(folder))) as platform:
            await platform.ready()
            for _ in range(2):
                await story.run(platform, told)
    assert len(told.steps) == 2 * len(set(told.steps))
    assert any("SIGKILL" in step for step in told.steps)
