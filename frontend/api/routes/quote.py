"""`GET /quote`."""

from fastapi import APIRouter, Request

from frontend.api.admission import require_engines
from frontend.api.openapi import errors
from frontend.api.requests import read_request
from frontend.api.responses import Quote
from frontend.api.services import CurrentServices

router = APIRouter(tags=["Video generation"])


@router.get(
    "/quote",
    summary="How long a video would take",
    operation_id="quote",
    responses=errors(400, 422, 503),
)
async def quote(request: Request, services: CurrentServices) -> Quote:
    """Take the parameters of `POST /generate` and make nothing.

    What `POST /generate` would refuse for its size is refused here with the same words.
    """
    spec = (await read_request(request, services.quote_request)).fields.spec()
    info = await services.triton.model_info()
    if info:
        require_engines(spec, info, services.budget)
    cost = await services.estimator.cost(spec)
    return Quote(
        width=spec.width,
        height=spec.height,
        num_frames=spec.num_frames,
        fps=spec.frame_rate,
        generation_time_seconds=_rounded(cost.total if cost else None),
        eta_seconds=_rounded(await services.estimator.eta_seconds(spec)),
        warnings=info.warnings(spec) if info else [],
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
