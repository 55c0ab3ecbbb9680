import re
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.web.examples import DEMO_MODEL, clip_files, still_file
from tests.frontend.conftest import StartApi, post, wait_for
from tests.frontend.fake_triton import GUIDED_INFO, INFO, FakeTriton, Fault

BROWSER = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
FORM = {"prompt": "a lighthouse", "size": "96x64", "duration": "1", "fps": "8", "seed": ""}


def sizes(page: str) -> list[str]:
    return re.findall(r'name="size" value="(\d+x\d+)"', page)


def value(page: str, name: str) -> str:
    """What a number field of the form is filled in with."""
    [given] = re.findall(rf'name="{name}"[^>]*? value="(.*?)"', page, re.DOTALL)
    return unescape(given)


def prompt(page: str) -> str:
    [given] = re.findall(r'<textarea id="prompt".*?>(.*?)</textarea>', page, re.DOTALL)
    return unescape(given)


def chosen_size(page: str) -> str:
    [given] = re.findall(r'name="size" value="(\S+)"[^>]* checked', page)
    return str(given)


def test_the_form_has_the_configured_limits(start_api: StartApi) -> None:
    page = start_api(max_video_duration=5, max_resolution=128).get("/").text
    assert 'name="duration" min="1" max="5"' in page
    assert sizes(page) == ["128x128", "96x96", "64x64"]
    assert "Fake-Model turns" in page


def test_only_sizes_that_the_model_can_draw_are_offered(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.info = INFO.model_copy(update={"drawn_sides": (384, 672)})
    assert sizes(start_api(max_resolution=512).get("/").text) == [
        *("512x512", "672x384", "384x672"),
        *("480x480", "448x448", "416x416", "384x384"),
    ]
    outside = start_api(max_resolution=96).get("/").text
    assert sizes(outside) == ["96x96", "64x64"]


def test_only_a_model_with_guidance_is_asked_for_it(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    assert "guidance_scale" not in start_api().get("/").text
    fake_triton.info = GUIDED_INFO
    api = start_api()
    page = api.get("/").text
    assert re.search(r'name="guidance_scale" min="1" max="20"[^>]* placeholder="3"', page)
    assert value(page, "guidance_scale") == ""
    assert "<details >" in page

    job_id = post(api, negative_prompt="a <grey> sky", guidance_scale=4.5)
    filled = api.get("/", params={"from": job_id}).text
    assert value(filled, "guidance_scale") == "4.5"
    assert "&lt;grey&gt; sky</textarea>" in filled
    assert "<details open>" in filled
    details = api.get(f"/preview/{job_id}").text
    assert "<dt>Negative prompt</dt><dd>a &lt;grey&gt; sky</dd>" in details
    assert "<dt>Guidance scale</dt><dd>4.5</dd>" in details

    wrong = api.post("/", data=FORM | {"guidance_scale": "30"}, headers=BROWSER).text
    assert "guidance_scale must be from 1 to 20, not 30" in unescape(wrong)
    assert value(wrong, "guidance_scale") == "30"
    assert "<details open>" in wrong


def test_the_demo_checkpoint_comes_with_chips_and_examples_and_other_models_without(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    other = start_api().get("/").text
    assert 'id="examples"' not in other
    assert 'class="chip"' not in other
    fake_triton.info = INFO.model_copy(update={"model_name": DEMO_MODEL})
    demo = start_api()
    page = demo.get("/").text
    for example, name in clip_files().items():
        assert example in page
        for file in (name, still_file(name)):
            picture = demo.get(f"/static/examples/{file}")
            assert picture.status_code == 200
            assert picture.headers["content-type"] == "image/webp"
    assert 'data-phrase="on a mint background"' in page


def test_the_newest_videos_are_linked_and_their_prompts_escaped(api: TestClient) -> None:
    job_id = post(api, prompt="<script>alert(1)</script>")
    wait_for(api, job_id, "completed")
    page = api.get("/").text
    assert f'href="preview/{job_id}"' in page
    assert f'src="/download/{job_id}?format=thumbnail' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_private_jobs_are_not_listed(start_api: StartApi) -> None:
    api = start_api(private_jobs=True)
    job_id = post(api, prompt="A secret garden")
    wait_for(api, job_id, "completed")

    page = api.get("/").text
    assert "secret garden" not in page
    assert 'href="gallery"' not in page.split("<main", maxsplit=1)[0]
    assert "secret garden" in api.get("/", params={"job": job_id}).text


def test_a_job_is_shown_beside_the_form_in_every_state(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    assert 'id="progress-bar"' in api.get("/", params={"job": job_id}).text
    api.delete(f"/jobs/{job_id}")
    assert "Nothing was made" in api.get("/", params={"job": job_id}).text
    assert "does not exist any more" in api.get("/", params={"job": "0badc0de"}).text


def test_prompt_and_settings_of_a_job_are_filled_in(api: TestClient) -> None:
    seed = 2**63 - 1
    job_id = post(
        api, prompt="a <tall> tree", duration=2, fps=12, resolution=None, size="64x160", seed=seed
    )
    page = api.get("/", params={"from": job_id}).text
    assert prompt(page) == "a <tall> tree"
    assert chosen_size(page) == "64x160"
    assert [value(page, name) for name in ("duration", "fps", "seed")] == ["2", "12", str(seed)]


def test_a_reload_beside_a_job_keeps_the_words_and_draws_another_seed(api: TestClient) -> None:
    job_id = post(api, prompt="a tree", seed=7)
    page = api.get("/", params={"job": job_id}).text
    assert prompt(page) == "a tree"
    assert chosen_size(page) == "64x64"
    assert value(page, "seed") == ""


def test_a_prompt_in_the_address_is_filled_in(api: TestClient) -> None:
    assert prompt(api.get("/", params={"prompt": "a & b"}).text) == "a & b"


def test_the_form_works_without_javascript(api: TestClient) -> None:
    answer = api.post("/", data=FORM, headers=BROWSER, follow_redirects=False)

    assert answer.status_code == 303
    address = answer.headers["Location"]
    job = wait_for(api, address.removeprefix("/preview/"), "completed")
    assert (job["prompt"], job["resolution"], job["num_frames"]) == ("a lighthouse", "96x64", 8)


def test_without_javascript_the_page_of_an_unfinished_job_looks_again_by_itself(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.HANG]
    answer = api.post("/", data=FORM, headers=BROWSER)
    refresh = r'<noscript>.*<meta http-equiv="refresh" content="\d+">.*</noscript>\s*<script'
    assert re.search(refresh, answer.text)

    job_id = answer.url.path.removeprefix("/preview/")
    wait_for(api, job_id, "running")
    api.delete(f"/jobs/{job_id}")
    assert 'http-equiv="refresh"' not in api.get(answer.url.path).text


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"prompt": " "}, "prompt", "Prompt cannot be empty"),
        ({"duration": "11"}, "duration", "Duration cannot exceed 10 seconds"),
        ({"fps": "many"}, "fps", "fps must be an integer"),
        ({"size": "huge"}, "size", "Size must be WIDTHxHEIGHT"),
        ({"fps": "60", "duration": "10"}, None, "cannot exceed 257 frames"),
    ],
)
def test_without_javascript_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    wrong: dict[str, Any], field: str | None, said: str, api: TestClient
) -> None:
    answer = api.post("/", data=FORM | {"seed": "77"} | wrong, headers=BROWSER)

    assert answer.status_code in (400, 422)
    place = f"{field}-error" if field else "error"
    shown = re.findall(rf'id="{place}" [^>]*role="alert" >([^<]*)', answer.text)
    assert len(shown) == 1
    assert said in unescape(shown[0])
    if field not in (None, "size"):
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.text)
    assert value(answer.text, "seed") == "77"
    assert prompt(answer.text) == wrong.get("prompt", FORM["prompt"])
    assert api.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_forms_of_other_sites_make_no_video(site: str, api: TestClient) -> None:
    refused = api.post("/", data=FORM, headers=BROWSER | {"Sec-Fetch-Site": site})
    assert refused.status_code == 403
    assert api.get("/jobs").json()["jobs"] == []


def test_the_form_counts_against_the_rate_limit(start_api: StartApi) -> None:
    api = start_api(enable_rate_limit=True, rate_limit_per_minute=1)
    assert api.post("/", data=FORM, follow_redirects=False).status_code == 303
    refused = api.post("/", data=FORM, headers=BROWSER)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "At most 1 requests per minute" in refused.text
    assert prompt(refused.text) == FORM["prompt"]
