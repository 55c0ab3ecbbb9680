"""The typed description of the loaded model, which the frontend asks `ltx_video` for."""

from pydantic import BaseModel, ConfigDict

from ltx_triton.engines.memory_use import DeviceKind, LatentSize, MemoryUse
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit
from ltx_triton.pipeline.noise import latent_shape
from ltx_triton.video_spec import VideoSpec


class UnsupportedSpecError(ValueError):
    """The engines cannot make this video; the message names the limit that it breaks."""


class EngineLimits(BaseModel):
    """The videos that the engines can make."""

    model_config = ConfigDict(frozen=True)

    spatial_compression: int  # pixels per latent row or column
    temporal_compression: int  # frames per latent frame, after the first
    sizes: tuple[SizeLimit, ...]  # none: any size
    num_inference_steps: tuple[int, ...]  # step counts that have a schedule
    default_num_inference_steps: int
    default_guidance_scale: float = 1.0  # 1: a distilled checkpoint, which takes no guidance

    @classmethod
    def of(cls, config: PipelineConfig) -> "EngineLimits":
        return cls(
            spatial_compression=config.spatial_compression,
            temporal_compression=config.temporal_compression,
            sizes=config.size_limits,
            num_inference_steps=tuple(config.sigmas),
            default_num_inference_steps=config.num_inference_steps,
            default_guidance_scale=config.guidance_scale,
        )

    @property
    def takes_guidance(self) -> bool:
        return self.default_guidance_scale != 1

    def guidance_scale(self, spec: VideoSpec) -> float:
        given = spec.guidance_scale
        return self.default_guidance_scale if given is None else given

    def latent_size(self, spec: VideoSpec) -> LatentSize:
        _, frames, rows, columns, _ = latent_shape(
            spec,
            spatial_compression=self.spatial_compression,
            temporal_compression=self.temporal_compression,
            channels=1,
        )
        texts = 1 if self.guidance_scale(spec) == 1 else 2
        return LatentSize(frames, area=rows * columns, texts=texts)

    def require(self, spec: VideoSpec) -> None:
        """Raise UnsupportedSpecError unless the engines can make the video."""
        for side in ("height", "width"):
            pixels = getattr(spec, side)
            if pixels % self.spatial_compression:
                raise UnsupportedSpecError(
                    f"{side}={pixels} is not possible; "
                    f"allowed: positive multiples of {self.spatial_compression}"
                )
        if self.sizes and not any(
            spec.height <= size.height
            and spec.width <= size.width
            and spec.num_frames <= size.num_frames
            for size in self.sizes
        ):
            allowed = ", ".join(
                f"{size.height}x{size.width}x{size.num_frames}" for size in self.sizes
            )
            raise UnsupportedSpecError(
                f"height={spec.height}, width={spec.width}, num_frames={spec.num_frames} "
                f"together exceed what the engines were built for; allowed: up to {allowed}"
            )
        steps = spec.num_inference_steps
        if steps is not None and steps not in self.num_inference_steps:
            raise UnsupportedSpecError(
                f"num_inference_steps={steps} is not possible; "
                f"allowed: {', '.join(map(str, self.num_inference_steps))}"
            )
        if not self.takes_guidance and self.guidance_scale(spec) != 1:
            raise UnsupportedSpecError(
                f"guidance_scale={spec.guidance_scale:g} is not possible; allowed: 1, since the "
                "checkpoint is distilled to do without guidance"
            )


class ModelInfo(BaseModel):
    """The loaded checkpoint, the device it runs on, and its limits."""

    model_config = ConfigDict(frozen=True)

    model_name: str
    checkpoint_sha256: str
    device: DeviceKind  # of the transformer
    device_name: str  # as the hardware reports it
    # of the engines' arithmetic: fp32, fp16, bf16 or fp8; after "int8 and" if weights are INT8
    precision: str
    limits: EngineLimits
    memory: MemoryUse | None  # None: the exporter has not measured it
    export_sha256: str | None = None  # of what the engines were exported from
    versions: dict[str, str] = {}  # of the libraries that run the engines, by distribution
    prompt_warnings: tuple[str, ...] = ()  # on the prompts of the request, if it has any
    drawn_sides: tuple[int, int] | None = None  # pixels, least and most; None: any

    def warnings(self, spec: VideoSpec) -> list[str]:
        """Say what of the video the model does not know, or never reads."""
        warnings = list(self.prompt_warnings)
        if spec.negative_prompt.strip() and self.limits.guidance_scale(spec) == 1:
            reason = (
                "guidance_scale is 1"
                if self.limits.takes_guidance
                else f"{self.model_name} is distilled to do without guidance"
            )
            warnings.append(f"the negative prompt has no effect: {reason}")
        if self.drawn_sides:
            least, most = self.drawn_sides
            if not least <= min(spec.width, spec.height) <= max(spec.width, spec.height) <= most:
                warnings.append(
                    f"{self.model_name} draws sides of {least} to {most} pixels; "
                    f"{spec.width} x {spec.height} will hardly show what the prompt says"
                )
        return warnings
