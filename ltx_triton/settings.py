"""All environment variables of the project, as one typed object.

MODEL_DEVICE, CPU_PRECISION, CPU_RUNTIME and MEMORY_BUDGET_GB are read once more, in Triton's Python
stubs, which inherit them: see `device.py`, `cpu_precision.py` and `cpu_runtime.py` in
`ltx_triton/engines/`, and `model_repository/ltx_video/1/model.py`.
"""

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ltx_triton.engines.cpu_precision import FP32_ALONE
from ltx_triton.engines.cpu_runtime import CpuRuntime
from ltx_triton.video_spec import VideoSpec

MIN_RESOLUTION = 64
RESOLUTION_STEP = 32
MAX_FPS = 60

# Presets of x264, from the quickest to the most thorough.
Mp4Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]

MIN_KEY_LENGTH = 16  # characters: 64 bits even if they are hexadecimal

_LAST_PORT = 65535
_DATABASES = ("postgresql+psycopg", "sqlite")
_ADDRESS = re.compile(
    r"(?:[^:/@]*(?::[^@]*)?@)?"  # user:password@
    r"(?:\[[^]]+\]|[^:/@?]*)(?::\d+)?"  # host:port
    r"(?:[/?].*)?"  # name and options
)
_SECRETS = ("API_KEY", "DATABASE_URL", "WEBHOOK_SECRET")

_WEBHOOK_PREFIX = "whsec_"
_WEBHOOK_BYTES = range(24, 65)  # as Standard Webhooks have it

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ORIGIN = re.compile(
    r"\*|https?://[a-z0-9_.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?"
)


def _split(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return [part for part in (part.strip() for part in given.split(",")) if part]


def _require_hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(f"{name!r} is no host name; write example.org, *.example.org or *")
    return names


def _require_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin; write https://example.org:8443 or *")
    return origins


def _expand(folder: Path) -> Path:
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise ValueError("~ leads to no home folder here") from error


def _require_database(url: str | None) -> str | None:
    if url is not None and url.partition("://")[0] not in _DATABASES:
        raise ValueError(f"must begin with {' or '.join(f'{name}://' for name in _DATABASES)}")
    # Not by SQLAlchemy: images for engines do without it, and its messages quote passwords.
    if url is not None and not _ADDRESS.fullmatch(url.partition("://")[2]):
        raise ValueError(
            "is no URL such as postgresql+psycopg://user:password@host:5432/jobs: the port is "
            "a number, and @ in a password is %40"
        )
    return url


def _require_port(address: str) -> str:
    found = re.search(r":(\d+)(?:/|$)", address)
    if found and int(found[1]) > _LAST_PORT:
        raise ValueError(f"has port {found[1]}; the last one is {_LAST_PORT}")
    return address


def _require_webhook_secret(secret: SecretStr | None) -> SecretStr | None:
    if secret is None:
        return None
    prefix, found, encoded = secret.get_secret_value().partition(_WEBHOOK_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if prefix or not found or len(key) not in _WEBHOOK_BYTES:
        raise ValueError(
            f"must be {_WEBHOOK_PREFIX} and {_WEBHOOK_BYTES[0]} to {_WEBHOOK_BYTES[-1]} bytes in "
            "Base64; `echo whsec_$(openssl rand -base64 32)` makes one"
        )
    return secret


_Folder = Annotated[Path, AfterValidator(_expand)]
_Hosts = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_require_hosts)
]
_Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_require_origins)
]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True)

    # Model
    model_name: str = "Lightricks/LTX-Video-0.9.7-distilled"
    model_device: Literal["auto", "cuda", "cpu"] = "auto"
    cpu_precision: Literal["auto", "bf16", "fp32"] = "auto"
    cpu_runtime: CpuRuntime = CpuRuntime.OPENVINO
    model_cache_dir: _Folder | None = None
    skip_verification: bool = False
    export_options: str = ""  # of `python -m export`, as on a command line

    # Video generation limits
    max_video_duration: Annotated[int, Field(ge=1)] = 10  # seconds
    default_video_duration: Annotated[int, Field(ge=1)] = 3  # seconds
    max_resolution: Annotated[int, Field(ge=MIN_RESOLUTION)] = 512  # pixels, side of a square
    default_fps: Annotated[int, Field(ge=1, le=MAX_FPS)] = 8
    max_frames: Annotated[int, Field(ge=1)] = 257  # the model is designed for no more

    # API
    api_host: str = "0.0.0.0"  # noqa: S104  the documented default
    # Where a proxy publishes the API, such as /video; it has to take that off the paths.
    root_path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$")] = ""
    api_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    api_workers: Annotated[int, Field(ge=1)] = 1
    max_queued_jobs: Annotated[int, Field(ge=1)] = 32
    max_concurrent_jobs: Annotated[int, Field(ge=1)] = 4
    # On a CPU of the whole service, on a GPU of the engines; None: what the machine has free
    memory_budget_gb: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None

    # Security
    allowed_hosts: _Hosts = ()  # besides addresses, localhost and this machine's name
    cors_origins: _Origins = ()  # of the sites whose pages may use the API
    private_jobs: bool = False
    private_metadata: bool = False
    enable_rate_limit: bool = False
    rate_limit_per_minute: Annotated[int, Field(ge=1)] = 10
    api_key_required: bool = False
    api_key: SecretStr | None = None
    webhook_secret: Annotated[SecretStr | None, AfterValidator(_require_webhook_secret)] = None
    webhook_private_addresses: bool = False

    # MP4 files
    mp4_preset: Mp4Preset = "ultrafast"

    # Storage
    output_dir: _Folder = Path("./outputs")
    max_storage_gb: Annotated[float, Field(gt=0)] = 100.0
    cleanup_after_days: Annotated[float, Field(gt=0)] = 7.0
    # None: SQLite in OUTPUT_DIR
    database_url: Annotated[str | None, AfterValidator(_require_database)] = None

    # Triton
    triton_grpc_address: Annotated[
        str, Field(pattern=r"^.+:\d{1,5}$"), AfterValidator(_require_port)
    ] = "127.0.0.1:8001"
    triton_metrics_url: Annotated[
        str, Field(pattern=r"^https?://[^/]+:\d{1,5}/"), AfterValidator(_require_port)
    ] = "http://127.0.0.1:8002/metrics"

    # Logging
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
    ] = "INFO"
    log_format: Literal["text", "json"] = "text"

    # Checks of several variables, at the last of them: as a check of the whole they would run only
    # where nothing else is wrong.
    @field_validator("cpu_runtime")
    @classmethod
    def _check_runtime(cls, runtime: CpuRuntime, info: ValidationInfo) -> CpuRuntime:
        if runtime is CpuRuntime.ONNXRUNTIME and info.data.get("cpu_precision") == "bf16":
            raise ValueError(FP32_ALONE)
        return runtime

    @field_validator("default_video_duration")
    @classmethod
    def _check_duration(cls, seconds: int, info: ValidationInfo) -> int:
        longest = info.data.get("max_video_duration", seconds)
        if seconds > longest:
            raise ValueError(f"exceeds MAX_VIDEO_DURATION={longest}")
        return seconds

    @field_validator("max_frames")
    @classmethod
    def _check_frames(cls, most: int, info: ValidationInfo) -> int:
        seconds, fps = (info.data.get(name) for name in ("default_video_duration", "default_fps"))
        if seconds and fps and seconds * fps > most:
            raise ValueError(f"is less than DEFAULT_VIDEO_DURATION={seconds} x DEFAULT_FPS={fps}")
        return most

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("api_key_required"):
            _require_key(key.get_secret_value() if key else "")
        return key

    @property
    def job_store_url(self) -> str:
        if self.database_url:
            return self.database_url
        # Quote: the path may contain characters that are special in a URL.
        return f"sqlite:///{quote(str(self.output_dir.resolve() / 'jobs.db'))}"

    @property
    def allowed_resolutions(self) -> range:
        """Allowed side lengths of a square video, in pixels."""
        return range(MIN_RESOLUTION, self.max_resolution + 1, RESOLUTION_STEP)

    @property
    def default_resolution(self) -> int:
        """512 pixels, or the largest allowed side if that is smaller."""
        return min(512, self.allowed_resolutions[-1])

    @property
    def default_video(self) -> VideoSpec:
        """The video of a request that gives a prompt alone."""
        return VideoSpec(
            prompt="a video",
            width=self.default_resolution,
            height=self.default_resolution,
            num_frames=self.default_video_duration * self.default_fps,
            frame_rate=self.default_fps,
        )


def _require_key(key: str) -> None:
    if not key:
        raise ValueError("is not set, and API_KEY_REQUIRED is true")
    if len(key) < MIN_KEY_LENGTH:
        raise ValueError(
            f"has {len(key)} characters and needs {MIN_KEY_LENGTH}; "
            "`openssl rand -hex 16` makes one"
        )
    if not key.isprintable() or key != key.strip():
        raise ValueError(
            "holds control characters, or begins or ends with a space: HTTP headers cannot carry it"
        )


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SystemExit: a variable is invalid; the message names it and its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False):
            variable = ".".join(str(part) for part in problem["loc"]).upper()
            value = "" if variable in _SECRETS else f"={problem['input']!r}"
            complaint = problem["msg"].removeprefix("Value error, ")
            lines.append(f"  {variable}{value}: {complaint}")
        raise SystemExit("Bad configuration:\n" + "\n".join(lines)) from error
