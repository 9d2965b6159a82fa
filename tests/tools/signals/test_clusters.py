"""Groups by given similarities, and which pairs are compared."""

from __future__ import annotations

import time

import numpy as np

from cinejudge.tools.signals.clusters import grouped, pairs_nearby


def _apart(count: int, *pairs: tuple[int, int]) -> np.ndarray:
    apart = np.zeros((count, count), bool)
    for a, b in pairs:
        apart[a, b] = apart[b, a] = True
    return apart


def test_faces_seen_at_once_are_never_one_person() -> None:
    alike = np.array([[1, 0.9, 0.8], [0.9, 1, 0.7], [0.8, 0.7, 1]], np.float32)
    assert grouped(alike, _apart(3), 0.6).tolist() == [0, 0, 0]
    assert grouped(alike, _apart(3, (0, 1)), 0.6).tolist() == [0, 1, 0]
    assert grouped(alike, _apart(3, (0, 1), (0, 2), (1, 2)), 0.6).tolist() == [0, 1, 2]
    assert grouped(alike, _apart(3), 0.95).tolist() == [0, 1, 2]
    assert grouped(np.zeros((0, 0), np.float32), _apart(0), 0.5).tolist() == []


def test_groups_are_joined_by_the_mean_over_all_their_pairs() -> None:
    # 2 is like 1 but not like 0: with the mean over both it stays outside.
    alike = np.array([[1, 0.9, 0.1], [0.9, 1, 0.8], [0.1, 0.8, 1]])
    assert grouped(alike, _apart(3), 0.5).tolist() == [0, 0, 1]


def test_a_thousand_faces_of_a_long_film_are_grouped_soon() -> None:
    people = np.arange(1000) % 20
    alike = np.where(people[:, None] == people, 0.9, 0.2)
    start = time.process_time()
    groups = grouped(alike, _apart(1000, *((i, i + 20) for i in range(0, 980, 40))), 0.6)
    assert time.process_time() - start < 10
    assert set(np.bincount(people[groups == 1])) == {0, 50}


def test_of_many_things_only_those_near_each_other_are_compared() -> None:
    assert pairs_nearby(0) == [] and pairs_nearby(3) == [(0, 1), (0, 2), (1, 2)]
    assert len(pairs_nearby(100)) == 4950
    many = pairs_nearby(1000)
    assert len(many) <= 5000 and all(0 < b - a <= 5 for a, b in many)
    assert {(i, i + 1) for i in range(999)} <= set(many)
