"""Embeddings of prompts, kept for those who ask for another video of the same."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters

if TYPE_CHECKING:
    from ltx_triton.pipeline.loop import Engines

# T5-XXL makes 4 MiB of the longest prompt, so these are eight of them, or 64 of up to 32 tokens:
# people change a prompt or its seed again and again. Small enough to need no place in the budget.
_KEPT_BYTES = 32 * 2**20


class PromptEmbeddings:
    """Asks the text encoder for what it has not lately encoded.

    Requests that come at once may have the same prompt encoded twice.
    """

    def __init__(self, engines: "Engines", parameters: Parameters = NO_PARAMETERS) -> None:
        """Take the parameters of each request to the text encoder."""
        self._engines = engines
        self._parameters = parameters
        self._kept: OrderedDict[tuple[object, ...], NDArray[Any]] = OrderedDict()  # latest last

    async def encode(self, text: Arrays) -> NDArray[Any]:
        """Return the embeddings of the text encoder's inputs; do not write into them."""
        key = tuple((name, array.shape, array.tobytes()) for name, array in sorted(text.items()))
        embeddings = self._kept.pop(key, None)
        if embeddings is None:
            outputs = await self._engines.run(TEXT_ENCODER, text, self._parameters)
            embeddings = outputs["prompt_embeds"].copy()
        self._kept[key] = embeddings
        while sum(each.nbytes for each in self._kept.values()) > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return embeddings
