"""What is reached from a region, however the regions go in circles: found once for each circle."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)
Fruit = TypeVar("Fruit", bound=Hashable)


@dataclass
class Reach(Generic[Node, Fruit]):
    """The fruits of a graph that is discovered on the way: by strongly connected components, after Tarjan."""

    successors: Callable[[Node], Iterable[Node]]
    fruits: Callable[[Node], Iterable[Fruit]]
    _known: dict[Node, dict[Fruit, None]] = field(default_factory=dict)

    def of(self, start: Node) -> dict[Fruit, None]:
        """Everything that `start` or what it leads to bears, in a stable order."""
        if start not in self._known:
            self._explore(start)
        return self._known[start]

    def _explore(self, start: Node) -> None:
        order: dict[Node, int] = {start: 0}
        low: dict[Node, int] = {start: 0}
        path: list[Node] = [start]
        work: list[tuple[Node, Iterator[Node]]] = [(start, iter(self.successors(start)))]
        while work:
            node, rest = work[-1]
            for each in rest:
                if each in self._known:
                    continue
                if each not in order:
                    order[each] = low[each] = len(order)
                    path.append(each)
                    work.append((each, iter(self.successors(each))))
                    break
                low[node] = min(low[node], order[each])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    self._close(path, node)

    def _close(self, path: list[Node], root: Node) -> None:
        """One component is complete: all its nodes share what any of them reaches."""
        members: list[Node] = []
        while True:
            members.append(path.pop())
            if members[-1] == root:
                break
        found: dict[Fruit, None] = {}
        for node in reversed(members):
            found.update(dict.fromkeys(self.fruits(node)))
            for each in self.successors(node):
                found.update(self._known.get(each, {}))
        for node in members:
            self._known[node] = found
