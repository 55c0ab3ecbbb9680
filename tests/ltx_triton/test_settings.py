import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from ltx_triton.settings import Settings, load_settings

DOCUMENTED_DEFAULTS = {
    "MODEL_NAME": "Lightricks/LTX-Video-0.9.7-distilled",
    "MODEL_DEVICE": "auto",
    "CPU_RUNTIME": "openvino",
    "MODEL_CACHE_DIR": None,
    "MAX_VIDEO_DURATION": 10,
    "DEFAULT_VIDEO_DURATION": 3,
    "MAX_RESOLUTION": 512,
    "DEFAULT_FPS": 8,
    "API_HOST": "0.0.0.0",  # noqa: S104
    "API_PORT": 8000,
    "API_WORKERS": 1,
    "ENABLE_RATE_LIMIT": False,
    "RATE_LIMIT_PER_MINUTE": 10,
    "API_KEY_REQUIRED": False,
    "API_KEY": None,
    "ALLOWED_HOSTS": (),
    "CORS_ORIGINS": (),
    "PRIVATE_JOBS": False,
    "PRIVATE_METADATA": False,
    "MP4_PRESET": "ultrafast",
    "OUTPUT_DIR": Path("outputs"),
    "MAX_STORAGE_GB": 100,
    "CLEANUP_AFTER_DAYS": 7,
    "LOG_LEVEL": "INFO",
}


def test_defaults_are_the_documented_ones() -> None:
    settings = load_settings()

    assert {name: getattr(settings, name.lower()) for name in DOCUMENTED_DEFAULTS} == (
        DOCUMENTED_DEFAULTS
    )


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("MAX_RESOLUTION", "12", "greater than or equal to 64"),
        ("MODEL_DEVICE", "tpu", "'auto', 'cuda' or 'cpu'"),
        ("CPU_PRECISION", "int8", "'auto', 'bf16' or 'fp32'"),
        ("CPU_RUNTIME", "torch", "'openvino' or 'onnxruntime'"),
        ("API_PORT", "eighty", "valid integer"),
        ("API_WORKERS", "0", "greater than or equal to 1"),
        ("DEFAULT_FPS", "61", "less than or equal to 60"),
        ("MAX_STORAGE_GB", "-1", "greater than 0"),
        ("ENABLE_RATE_LIMIT", "perhaps", "valid boolean"),
        ("MP4_PRESET", "quick", "'ultrafast', 'superfast'"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
        ("ALLOWED_HOSTS", "https://example.org", "'https://example.org' is no host name"),
        ("ALLOWED_HOSTS", "example.org:8000", "'example.org:8000' is no host name"),
        ("CORS_ORIGINS", "https://a.example, b.example", "'b.example' is no origin"),
        ("OUTPUT_DIR", "~no such user/videos", "no home folder"),
        ("MODEL_CACHE_DIR", "~no such user/models", "no home folder"),
        ("CORS_ORIGINS", "https://a.example/", "'https://a.example/' is no origin"),
        ("TRITON_GRPC_ADDRESS", "somewhere", "match pattern"),
        ("TRITON_METRICS_URL", "http://localhost:999999/metrics", "match pattern"),
    ],
)
def test_an_invalid_value_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit) as stop:
        load_settings()

    assert f"{variable}='{value}'" in str(stop.value)
    assert complaint in str(stop.value)


def test_all_invalid_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "0")
    monkeypatch.setenv("DEFAULT_FPS", "0")
    monkeypatch.setenv("MAX_VIDEO_DURATION", "2")
    monkeypatch.setenv("API_KEY_REQUIRED", "true")

    with pytest.raises(SystemExit) as stop:
        load_settings()

    named = [line.split("=")[0].split(":")[0].strip() for line in str(stop.value).splitlines()[1:]]
    assert named == ["DEFAULT_VIDEO_DURATION", "DEFAULT_FPS", "API_PORT", "API_KEY"]


def test_bf16_is_refused_in_a_runtime_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    monkeypatch.setenv("CPU_PRECISION", "bf16")

    with pytest.raises(SystemExit, match="CPU_RUNTIME='onnxruntime': computes in FP32 alone"):
        load_settings()


def test_a_default_duration_beyond_the_maximum_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_VIDEO_DURATION", "2")

    with pytest.raises(SystemExit, match="DEFAULT_VIDEO_DURATION=3: exceeds MAX_VIDEO_DURATION=2"):
        load_settings()


def test_a_default_request_beyond_the_frame_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAX_FRAMES", "10")

    with pytest.raises(SystemExit, match=r"MAX_FRAMES='10': is less than .* x DEFAULT_FPS=8"):
        load_settings()


def test_the_log_level_may_be_written_in_lower_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")

    assert load_settings().log_level == "DEBUG"


def test_a_required_api_key_must_be_set_and_is_never_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY_REQUIRED", "true")
    with pytest.raises(SystemExit, match="API_KEY: is not set, and API_KEY_REQUIRED is true"):
        load_settings()

    monkeypatch.setenv("API_KEY", "hunter2 hunter2 hunter2")
    assert "hunter2" not in repr(load_settings())


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("hunter2", "API_KEY: has 7 characters and needs 16"),
        ("hunter2 hunter2 hunter2\r", "control characters"),
        (" hunter2 hunter2 hunter2", "begins or ends with a space"),
        ("hunter2\thunter2 hunter2", "control characters"),
    ],
)
def test_a_key_that_is_short_or_that_http_cannot_carry_is_refused(
    key: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY_REQUIRED", "true")
    monkeypatch.setenv("API_KEY", key)

    with pytest.raises(SystemExit) as stop:
        load_settings()

    assert complaint in str(stop.value)
    assert "hunter2" not in str(stop.value)


_KEY = b"hunter2 " * 4


def test_the_secret_of_webhooks_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = f"whsec_{base64.b64encode(_KEY).decode()}"
    monkeypatch.setenv("WEBHOOK_SECRET", secret)

    settings = load_settings()

    assert settings.webhook_secret
    assert settings.webhook_secret.get_secret_value() == secret
    assert secret not in repr(settings)


@pytest.mark.parametrize(
    "secret",
    [
        base64.b64encode(_KEY).decode(),
        "whsec_aHVudGVyMg==",
        "whsec_hunter2 hunter2 hunter2 hunter2 hunter2",
        f"whsec_{base64.b64encode(_KEY[:23]).decode()}",
        f"whsec_{base64.b64encode(3 * _KEY).decode()}",
        f"x whsec_{base64.b64encode(_KEY).decode()}",
        f"whsec_{base64.b64encode(_KEY).decode()}\n",
    ],
)
def test_what_is_no_secret_of_standard_webhooks_is_refused(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", secret)

    with pytest.raises(SystemExit) as stop:
        load_settings()

    assert "WEBHOOK_SECRET: must be whsec_ and 24 to 64 bytes" in str(stop.value)
    assert secret.removeprefix("whsec_") not in str(stop.value)


def test_names_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "example.org, *.example.com,")
    monkeypatch.setenv("CORS_ORIGINS", "https://example.org,http://localhost:3000,http://[::1]:80")

    settings = load_settings()

    assert settings.allowed_hosts == ("example.org", "*.example.com")
    assert settings.cors_origins == (
        *("https://example.org", "http://localhost:3000", "http://[::1]:80"),
    )


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "")

    assert load_settings().api_port == 8000


@pytest.mark.parametrize(
    ("maximum", "largest", "default"), [("512", 512, 512), ("500", 480, 480), ("1024", 1024, 512)]
)
def test_resolutions_are_multiples_of_32_up_to_the_maximum(
    monkeypatch: pytest.MonkeyPatch, maximum: str, largest: int, default: int
) -> None:
    monkeypatch.setenv("MAX_RESOLUTION", maximum)
    settings = load_settings()

    assert settings.allowed_resolutions[0] == 64
    assert settings.allowed_resolutions[-1] == largest
    assert settings.default_resolution == default


def test_the_job_store_is_beside_the_videos_unless_database_url_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path))
    assert load_settings().job_store_url == f"sqlite:///{tmp_path}/jobs.db"

    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "a?b=c %d"))
    assert make_url(load_settings().job_store_url).database == f"{tmp_path}/a?b=c %d/jobs.db"

    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://somewhere/jobs")
    assert load_settings().job_store_url == "postgresql+psycopg://somewhere/jobs"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "mysql"])
def test_a_database_that_has_no_driver_here_is_refused_without_its_password(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://me:hunter2@host/jobs")

    with pytest.raises(SystemExit) as stop:
        load_settings()

    assert "DATABASE_URL" in str(stop.value)
    assert "postgresql+psycopg://" in str(stop.value)
    assert "hunter2" not in str(stop.value)


@pytest.mark.parametrize("address", ["me:hunter2@host:port/jobs", "me:x@y:hunter2@host"])
def test_a_database_that_is_no_url_is_refused_without_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://{address}")

    with pytest.raises(SystemExit, match="DATABASE_URL: is no URL such as") as stop:
        load_settings()

    assert "hunter2" not in str(stop.value)


@pytest.mark.parametrize(
    "address",
    ["me:hunter2@host:5432/jobs", "me@[::1]:5432/jobs?sslmode=require", "/jobs?host=/run", "host"],
)
def test_the_address_of_a_database_may_leave_parts_out(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://{address}")

    assert make_url(load_settings().job_store_url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRITON_GRPC_ADDRESS", "127.0.0.1:65536"),
        ("TRITON_METRICS_URL", "http://127.0.0.1:65536/metrics"),
    ],
)
def test_a_port_that_cannot_be_is_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit, match=f"{variable}=.*: has port 65536; the last one"):
        load_settings()


@pytest.mark.parametrize("variable", ["OUTPUT_DIR", "MODEL_CACHE_DIR"])
def test_a_tilde_is_the_home_folder(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, "~/folder")

    assert getattr(load_settings(), variable.lower()) == tmp_path / "folder"


@given(
    st.sampled_from(sorted(Settings.model_fields)),
    st.text(st.characters(max_codepoint=0x3FF, exclude_characters="\0"), min_size=1)
    | st.integers().map(str),
)
def test_any_value_is_taken_or_stops_the_start_with_the_variables_name(
    name: str, value: str
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(name.upper(), value)
        try:
            settings = load_settings()
        except SystemExit as stop:
            assert name.upper() in str(stop)  # noqa: PT017  it need not be raised
        else:
            assert settings.default_resolution in settings.allowed_resolutions
            assert settings.default_video_duration * settings.default_fps <= settings.max_frames
