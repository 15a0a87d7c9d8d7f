"""Charts of the report: the layout of the process map, labels, and SVG that can stand inside a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perintis.faces.report.charts.draw import NARROW, WIDE, drawn, inlined, wrapped
from perintis.faces.report.charts.flow_map import Arrow, flow_map
from perintis.faces.report.charts.layered import layered
from perintis.faces.report.charts.rows import Guide, Row, Rows, bounds_of, rows_chart
from perintis.faces.report.languages.language import language

BOX, BEND, GAP = 100.0, 10.0, 12.0


def test_edges_run_downward_but_for_those_that_close_a_circle() -> None:
    """The lighter edge of a circle is turned; a step that follows itself changes nothing."""
    layout = layered([("a", "b"), ("b", "c"), ("a", "c"), ("c", "b"), ("c", "c")], BOX, BEND, GAP)
    assert [layout.places[name][1] for name in "abc"] == [0, 1, 2]
    assert layout.turned == {3}
    assert [layer for _, layer in layout.paths[2]] == [0, 1, 2]  # a bend where it passes b
    assert [layer for _, layer in layout.paths[3]] == [2, 1]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), min_size=1, unique=True))
def test_boxes_never_touch_and_every_edge_ends_at_its_steps(edges: list[tuple[str, str]]) -> None:
    """For any graph; the same graph gives the same drawing."""
    layout = layered(edges, BOX, BEND, GAP)
    for name, (x, layer) in layout.places.items():
        assert BOX / 2 - 1e-6 <= x <= layout.width - BOX / 2 + 1e-6
        for other, (x2, layer2) in layout.places.items():
            assert other == name or layer != layer2 or abs(x - x2) >= BOX + GAP - 1e-6
    for (a, b), path in zip(edges, layout.paths, strict=True):
        assert (path[0], path[-1]) == (layout.places[a], layout.places[b])
    assert layered(edges, BOX, BEND, GAP) == layout


def test_the_map_marks_what_survives_by_colour_dash_and_number() -> None:
    """More often is solid, less often dashed; what does not differ has no number. Names are text, never markup."""
    svg = flow_map(
        [Arrow("a.<b>", "c.d", 0.9, 0.9, -0.5, "\u221250", strong=True),
         Arrow("a.<b>", "e", 0.0, 0.4, 0.4, "+40", strong=True), Arrow("c.d", "e", 0.5, 0.5, 0.0, "0", strong=False)],
        {"c.d": "only in the baseline"}, "map",
    )  # fmt: skip
    assert svg.count('stroke-dasharray="6 3"') == 1
    assert ">\u221250<" in svg
    assert ">+40<" in svg
    assert ">0<" not in svg
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert ">only in the baseline<" in svg


def test_labels_break_at_spaces_and_behind_dots_and_are_cut_last() -> None:
    """A word too long for a line is broken."""
    assert wrapped("imigrasi.check_documents", 30) == "imigrasi.check_documents"
    assert wrapped("imigrasi.check_documents", 16) == "imigrasi.check_\ndocuments"
    assert wrapped("one two three four", 5, 2) == "one\ntwo\u2026"


def test_svg_inside_a_page_has_no_addresses_and_names_of_its_own() -> None:
    """Two charts on one page must not share the names of their clips."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" class="marks"><rect width="9" height="9" fill="white"/>'
        '<clipPath id="clip0"/><g clip-path="url(#clip0)" aria-label="x"/></svg>'
    )
    assert inlined(svg, "k") == (
        '<svg aria-hidden="true" focusable="false"><clipPath id="k-clip0"/><g clip-path="url(#k-clip0)"/></svg>'
    )


def test_rows_are_drawn_for_both_pages_with_their_words_as_text() -> None:
    """Numbers beside the rows only where there is room; an interval beyond the axis ends in an arrow."""
    rows = (
        Row("Lead time", 4.0, 1.9, 6.1, "+4.0 (+1.9 to +6.1)"),
        Row("Rework", 3.0, None, 900.0, "open"),
        Row("Cost", None, note="not comparable"),
    )
    chart = Rows(rows, (Guide(0.0, "no change"),), "Better by", bounds_of(rows, (), most=10.0))
    assert chart.bounds[1] == 10.0
    wide, narrow = drawn(lambda size: rows_chart(chart, size), language("en"), "test")
    for svg in (wide, narrow):
        assert ">Lead time<" in svg
        assert ">not comparable<" in svg
        assert ">no change<" in svg
    assert ">+4.0 (+1.9 to +6.1)<" in wide
    assert ">+4.0 (+1.9 to +6.1)<" not in narrow
    for size in (WIDE, NARROW):
        rows_chart(chart, size).to_dict()  # held against the schema of Vega-Lite


def test_axes_are_written_as_the_language_writes_numbers() -> None:
    """A decimal comma in Indonesian."""
    chart = Rows((Row("a", 0.25, 0.0, 0.5),), (), "x", (0.0, 0.5))
    wide, _ = drawn(lambda size: rows_chart(chart, size), language("id"), "k")
    assert ">0,1<" in wide
    assert ">0.1<" not in wide
