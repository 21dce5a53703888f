"""The loss chart: named for who does not see it, and in the colours of its page."""

from __future__ import annotations

import re
import threading
from xml.etree import ElementTree

from curation.charts import Series, loss_chart, thinned

TRAINING = Series("Training loss", tuple((step, 3 / step) for step in range(1, 41)))
HELD_OUT = Series("Held-out loss", ((0, 4.0), (20, 2.0), (40, 1.0)), is_measured=True)


def test_it_is_an_image_with_a_name_and_a_description():
    svg = loss_chart((TRAINING, HELD_OUT), title="Loss & more")

    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "loss-title loss-text"
    texts = [element.text for element in root[:2]]
    assert texts[0] == "Loss & more"
    assert "Held-out loss goes from 4.000 at step 0 to 1.000 at step 40." in texts[1]


def test_it_takes_its_colours_from_the_page_and_breaks_no_policy():
    svg = loss_chart((TRAINING, HELD_OUT), title="Loss")

    assert 'stroke="var(--chart-1)"' in svg and 'stroke="var(--chart-2)"' in svg
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|#[0-9a-f]{6}", svg)
    assert "width=" not in svg[: svg.index(">")]


def test_there_is_no_chart_before_the_first_point():
    assert loss_chart((TRAINING._replace(points=()),), title="Loss") == ""


def test_one_point_is_enough():
    assert "<path" in loss_chart((HELD_OUT._replace(points=((0, 4.0),)),), title="Loss")


def test_many_points_become_their_means():
    points = tuple((step, float(step % 2)) for step in range(1, 1001))

    few = thinned(points, 100)

    assert len(few) == 100
    assert few[-1] == (1000, 0.5)
    assert thinned(points[:50], 100) == points[:50]


def test_threads_may_draw_at_once():
    drawn = []

    def draw(number):
        line = TRAINING._replace(points=((0, 1.0), (1, float(number))))
        drawn.append(loss_chart((line,), title="Loss"))

    threads = [threading.Thread(target=draw, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(drawn) == 6
    assert all(svg.endswith("</svg>") for svg in drawn)
