"""The programs of examples/ make videos on a real service."""

import asyncio
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

from frontend.local.service import local_service
from frontend.media.reader import read
from tests.browser import chromium_page, plays
from tests.clients.environment import clients_python

EXAMPLES = Path(__file__).parents[2] / "examples"
PROMPT = "a large blue star moving left on a white background"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """Origin of a server of the files in examples/."""
    handler = partial(QuietHandler, directory=EXAMPLES)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def url(demo_repository: Path, pages: str) -> Iterator[str]:
    with local_service(demo_repository, CORS_ORIGINS=pages) as service:
        yield service.url


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("program", ["openai_sdk.py", "litellm_sdk.py"])
def test_an_sdk_makes_a_wide_video(program: str, url: str, tmp_path: Path) -> None:
    subprocess.run([clients_python(), EXAMPLES / program, url], cwd=tmp_path, check=True)
    assert read(tmp_path / "star.mp4").frames.shape == (24, 384, 672, 3)


def test_a_page_of_another_origin_makes_and_plays_a_video(url: str, pages: str) -> None:
    with chromium_page() as page:
        page.goto(f"{pages}/web_page.html?server={url}")
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_role("status")).to_have_text("completed")
        page.evaluate("document.querySelector('video').play()")
        plays(page, "video")


def test_the_comfyui_node_returns_the_path_of_the_video(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands for ComfyUI's module, which no package installs.
    folder_paths = ModuleType("folder_paths")
    folder_paths.get_output_directory = lambda: str(tmp_path)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "folder_paths", folder_paths)
    node = load("comfyui_node").LtxVideo
    given = {
        name: options["default"]
        for name, (_, options) in node.INPUT_TYPES()["required"].items()
        if "default" in options
    }

    (path,) = getattr(node(), node.FUNCTION)(**given | {"prompt": PROMPT, "server": url})

    assert Path(path).parent == tmp_path
    assert read(Path(path)).frames.shape == (24, 384, 672, 3)


def test_the_open_webui_tool_says_where_the_video_is(url: str) -> None:
    tools = load("open_webui_tool").Tools()
    tools.valves = tools.Valves(server=url, public_url="https://videos.example")
    events: list[dict[str, Any]] = []

    async def emit(event: dict[str, Any]) -> None:
        events.append(event)

    said = asyncio.run(tools.make_video(PROMPT, seconds=1, __event_emitter__=emit))

    assert said.startswith("The video is at https://videos.example/preview/")
    assert events
    assert asyncio.run(tools.make_video("", seconds=1)) == (
        "No video was made: Prompt cannot be empty"
    )
