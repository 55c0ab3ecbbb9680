"""The form of a model with guidance in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.api_process import running
from tests.frontend.fake_triton import GUIDED_INFO, FakeTriton
from tests.frontend.web.conftest import fill_form


@pytest.mark.slow
def test_a_negative_prompt_without_effect_is_told_before_it_is_sent(
    browser_page: Page, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.info = GUIDED_INFO
    with running(fake_triton, tmp_path) as api:
        fill_form(browser_page, str(api.http.base_url))
        browser_page.get_by_text("Advanced").click()
        browser_page.fill("#guidance_scale", "1")
        browser_page.fill("#negative_prompt", "blurry")
        expect(browser_page.locator("#quote")).to_contain_text(
            "the negative prompt has no effect: guidance_scale is 1"
        )


@pytest.mark.slow
def test_an_error_opens_the_part_of_the_form_that_it_is_in(
    browser_page: Page, fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.info = GUIDED_INFO
    scale, error = (browser_page.locator(f"#guidance_scale{part}") for part in ("", "-error"))
    with running(fake_triton, tmp_path) as api:
        fill_form(browser_page, str(api.http.base_url))
        advanced = browser_page.get_by_text("Advanced")
        advanced.click()
        scale.fill("50")
        expect(error).to_have_text("guidance_scale must be from 1 to 20, not 50")
        advanced.click()
        expect(scale).to_be_hidden()

        browser_page.click("#submit")
        expect(scale).to_be_focused()

        scale.fill("4.5")
        browser_page.fill("#negative_prompt", "blurry")
        browser_page.click("#submit")
        expect(browser_page.locator("#player")).to_be_visible()

    spec = fake_triton.seen[0].request
    assert (spec.guidance_scale, spec.negative_prompt) == (4.5, "blurry")
