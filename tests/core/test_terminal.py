import io
import sys

import pytest

from drcl_mini.core.terminal import Parser, assignment, one_line, show_anything


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=1", ("a", 1)),
        ("a=[1, 2]", ("a", [1, 2])),
        ("a=None", ("a", None)),
        ("a=False", ("a", False)),
        ("a=true", ("a", True)),
        ("a=x=y", ("a", "x=y")),
        ("a=", ("a", "")),
        ("a=1,2", ("a", [1, 2])),
        ("a= 0.5, 1e-3", ("a", [0.5, 0.001])),
        ("a=-1,+2", ("a", "-1,+2")),
        ("a=1,", ("a", "1,")),
        ("a=x,y", ("a", "x,y")),
    ],
)
def test_assignments(text, found):
    assert assignment(text) == found


def test_an_assignment_without_a_value_is_named(complains):
    with complains("'epochs'", "NAME=VALUE"):
        assignment("epochs")


def test_errors_take_one_line(capsys):
    assert one_line("two\n  lines") == "error: two lines"
    with pytest.raises(SystemExit) as ended:
        Parser().parse_args(["--odd"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: unrecognized arguments: --odd\n"


def test_help_has_no_backticks():
    assert "of ``fit``" not in Parser(description="Options of ``fit``").format_help()
    assert "of fit" in Parser(description="Options of ``fit``").format_help()


def test_what_a_terminal_cannot_show_becomes_question_marks(monkeypatch):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    show_anything()
    print("a → b", flush=True)
    assert shown.getvalue().split() == [b"a", b"?", b"b"]
