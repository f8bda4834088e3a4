from __future__ import annotations
import os, time, threading
from contextlib import ExitStack
from pathlib import Path
import pytest
from confkeep.etag import etag_of
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from confkeep.watch.watcher import Watcher
from confkeep.watch.watching import Watching
from tests.support.passthrough import passthrough
from tests.watch.listening import Heard, started
import tests.watch.listening as L
L.PATIENCE = 6.0

def test_k8s_single(config, watch):
    for name in ("..1", "..2"):
        (config / name).mkdir(); (config / name / "a.yaml").write_bytes(name.encode())
    (config / "..data").symlink_to("..1")
    (config / "a.yaml").symlink_to("..data/a.yaml")
    heard = watch(Root("one", str(config / "a.yaml")))
    (config / "..tmp").symlink_to("..2"); (config / "..tmp").rename(config / "..data")
    heard.content("a.yaml", b"..2")

def test_current_link(config, watch):
    for n in ("r1", "r2"):
        (config / n / "conf").mkdir(parents=True); (config / n / "conf" / "a.yaml").write_bytes(n.encode())
    (config / "current").symlink_to("r1")
    heard = watch(Root("ha", str(config / "current" / "conf")))
    (config / "tmp").symlink_to("r2"); (config / "tmp").rename(config / "current")
    heard.content("a.yaml", b"r2")

def test_parent_swapped(config, watch):
    for n in ("app", "new"):
        (config / n / "conf").mkdir(parents=True); (config / n / "conf" / "a.yaml").write_bytes(n.encode())
    heard = watch(Root("ha", str(config / "app" / "conf")))
    (config / "app").rename(config / "old"); (config / "new").rename(config / "app")
    heard.content("a.yaml", b"new")

@pytest.fixture
def fuse(tmp_path):
    b, p = tmp_path / "backing", tmp_path / "point"
    b.mkdir(); p.mkdir()
    with passthrough(b, p):
        yield b, p

def test_remote_top_remade(fuse, watch):
    b, p = fuse
    (b / "conf").mkdir(); (b / "conf" / "a.yaml").write_bytes(b"1\n")
    heard = watch(Root("ha", str(p / "conf")))
    time.sleep(3)
    (b / "conf").rename(b / "away"); time.sleep(2); (b / "away").rename(b / "conf")
    (b / "conf" / "a.yaml").write_bytes(b"22\n")
    heard.content("a.yaml", b"22\n")

def test_remote_full_rounds(fuse, keeper, watch, monkeypatch):
    b, p = fuse
    for n in range(50): (b / f"{n}.yaml").write_bytes(b"1\n")
    heard = watch(Root("ha", str(p)))
    time.sleep(4)
    import confkeep.watch.account as a
    seen = []
    orig = a.glance
    def counted(k, r, rel, path, pin):
        seen.append(rel); return orig(k, r, rel, path, pin)
    monkeypatch.setattr(a, "glance", counted)
    (b / "new.log").write_bytes(b"x")
    time.sleep(2)
    print(len(seen)); assert len(seen) < 5

def test_remote_overlap(fuse, keeper):
    b, p = fuse
    (b / "sub").mkdir(); (b / "sub" / "a.yaml").write_bytes(b"1\n")
    heard = Heard()
    w = Watching(keeper, heard)
    try:
        w.watch([Root("all", str(p)), Root("sub", str(p / "sub"))])
        time.sleep(4)
        (b / "sub" / "a.yaml").write_bytes(b"22\n")
        assert {heard.change().root, heard.change().root} == {"all", "sub"}
    finally: w.close()

def test_same_bytes_put(config, root, keeper, watch):
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").write_bytes(b"2\n")
    saved = keeper.save(root, "a.yaml", Request(b"2\n", ANYTHING))
    assert not saved.changed
    heard.content("a.yaml", b"2\n")

def test_other_keeper(config, root, keeper, watch, state):
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    with Keeper(state) as other:
        other.save(root, "a.yaml", Request(b"2\n", ANYTHING))
    heard.content("a.yaml", b"2\n")

def test_lock_file(config, root, keeper, watch, state):
    heard = watch(root)
    (lock,) = [x for x in state.iterdir() if "lock" in x.name and "daemon" not in x.name][:1]
    print(list(state.iterdir()))
    real = keeper._lock_file
    keeper._lock_file = str(state / "nowhere" / "x")
    (config / "a.yaml").write_bytes(b"2\n")
    time.sleep(0.5)
    keeper._lock_file = real
    heard.content("a.yaml", b"2\n")

def test_reload(config, root, keeper):
    heard = Heard()
    w = Watching(keeper, heard)
    try:
        w.watch([root]); time.sleep(0.5)
        (config / "a.yaml").write_bytes(b"2\n")
        time.sleep(0.025)
        w.watch([root])
        heard.content("a.yaml", b"2\n")
    finally: w.close()

def test_big_tree(config, root, keeper):
    for d in range(300):
        (config / str(d)).mkdir()
        for n in range(700): os.close(os.open(config / str(d) / f"{n}.log", os.O_CREAT | os.O_WRONLY))
    (config / "zz").mkdir()
    (config / "a.yaml").write_bytes(b"1\n")
    heard = Heard()
    w = Watcher(keeper, [root], heard)
    w.start(); time.sleep(0.3)
    t = time.monotonic()
    (config / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    print("told after", time.monotonic() - t)
    w2 = Watcher(keeper, [root], heard); w2.start(); time.sleep(0.1)
    t = time.monotonic(); w2.close(); print("closed after", time.monotonic() - t)
    w.close()

def test_many_dirs_removed(config, root, keeper, watch):
    for d in range(100):
        for n in range(60): (config / str(d) / str(n)).mkdir(parents=True)
    heard = watch(root)
    import shutil
    shutil.rmtree(config / "0"); 
    for d in range(1, 100): shutil.rmtree(config / str(d))
    t = time.monotonic()
    (config / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    print("told after", time.monotonic() - t)
