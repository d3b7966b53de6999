import json
import re

from drcl_mini import DRCL
from drcl_mini.app.cli import main
from drcl_mini.embed import page as module


def test_a_large_gallery_lies_beside_its_page(make, visit, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(module, "MOST_INLINE", 10_000)
    path = make(name="my search.html")
    folder = tmp_path / "my search_files"
    assert f"items in {folder}" in capsys.readouterr().out
    assert path.stat().st_size < 40_000
    assert len(list(folder.iterdir())) == 37
    page = visit(path)
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.fill("#words", "sky")
    page.keyboard.press("Enter")
    assert page.locator("section.text li").count() == 6
    assert str(tmp_path) not in (folder / "gallery.js").read_text(encoding="utf-8")


def test_the_page_holds_everything_itself(make, tmp_path):
    text = make("--title", "Things & <others>").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("search")] == ["search.html"]
    assert "<h1>Things &amp; &lt;others&gt;</h1>" in text
    assert "{{" not in text
    assert re.findall(r"""(?:src|href)=["'](?!data:)[^"']+""", text) == []
    assert re.findall(r"https?://", text) == []


def test_no_text_of_an_item_ends_the_script(tmp_path, visit):
    bad = "</script><img src=x onerror=alert(1)> {{page.js}}"
    medium = {
        "name": "text",
        "kind": "text",
        "labels": [[0]],
        "titles": [bad],
        "shown": [bad],
        "dim": 1,
        "vectors": "fw==",
    }
    found = {"name": "a", "title": bad, "classes": [bad], "media": [medium], "encoder": None}
    module.write_page(tmp_path / "a.html", found, {})
    page = visit(tmp_path / "a.html")
    assert page.inner_text("h1") == bad
    assert page.locator(".item").all_inner_texts() == [bad]


def test_without_a_model_one_is_trained_and_kept(mine, tmp_path, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(DRCL, "fit", lambda model, *data: seen.append(data) or DRCL.load(mine[1], "cpu"))
    assert main(["page", str(mine[0]), "--out", str(tmp_path / "a.html")]) == 0
    assert len(seen) == 1
    assert DRCL.load(tmp_path / "a.safetensors", "cpu").encoders_.keys() == {"picture", "text", "sound"}
    assert f"model: {tmp_path / 'a.safetensors'}" in capsys.readouterr().out


def test_a_model_of_other_data(mine, tmp_path, fitted, capsys):
    fitted.save(tmp_path / "other.safetensors")
    assert main(["page", str(mine[0]), "--model", str(tmp_path / "other.safetensors")]) == 1
    assert "'text' has" in capsys.readouterr().err


def test_new_items_are_on_the_page_without_training(mine, make, collection, tmp_path, capsys):
    folder, _ = collection
    (folder / "new.csv").write_text("text,class\na boat at sea,boat\n", encoding="utf-8")
    target = tmp_path / "more.npz"
    arguments = ["--table", str(folder / "new.csv"), "--add-to", str(mine[0]), "--out", str(target)]
    assert main(["embed", str(folder), *arguments]) == 0
    out = tmp_path / "more.html"
    assert main(["page", str(target), "--model", str(mine[1]), "--out", str(out)]) == 0
    found = json.loads(re.search(r"window.GALLERY = (.*);</script>", out.read_text(encoding="utf-8"))[1])
    assert found["media"][1]["shown"][-1] == "a boat at sea"
    assert found["classes"] == ["cherry", "leaf", "sky", "boat"]
    assert found["media"][1]["labels"][-1] == [3]
    assert len(found["media"][1]["labels"]) == 25


def test_a_page_of_any_name_finds_its_folder(make, visit, monkeypatch, capsys):
    monkeypatch.setattr(module, "MOST_INLINE", 10_000)
    page = visit(make(name='a #1? 100% "b".html'))
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert re.search(r"60 items, \d\d kB, items in", capsys.readouterr().out)


def test_what_is_there_is_not_replaced(mine, tmp_path, capsys):
    (tmp_path / "a.safetensors").write_text("mine")
    assert main(["page", str(mine[0]), "--out", str(tmp_path / "a.html")]) == 1
    assert f"would be replaced: give it by --model {tmp_path / 'a.safetensors'}" in capsys.readouterr().err
    assert main(["page", str(mine[0]), "--out", str(tmp_path / "a.safetensors")]) == 1
    assert "expected a file that ends in .html" in capsys.readouterr().err
    assert (tmp_path / "a.safetensors").read_text() == "mine"
