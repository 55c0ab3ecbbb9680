"""Match the weights of a checkpoint with the parameters of an engine's module."""

from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.weights import Source, read_weight
from export.errors import ExportError
from export.graphs.engine import Engine
from export.int8.quantize import fake_quantize


def weight_sources(engine: Engine, names: list[str], checkpoint: Checkpoint) -> dict[str, Source]:
    """Find the checkpoint's weights for the named parameters of an engine's module.

    Raises:
        ExportError: a weight is missing, or one is left over.
    """
    stored = checkpoint.weights(engine.component)
    place = checkpoint.place(engine.component)
    aliases = dict(engine.aliases)
    used = set()
    sources = {}
    for name in names:
        key = name.removeprefix("model.")
        candidates = [key, aliases[key]] if key in aliases else [key]
        found = [candidate for candidate in candidates if candidate in stored]
        if not found:
            raise ExportError(f"{place} has no weight {key}")
        used.update(found)
        sources[name] = stored[found[0]]
    leftover = [key for key in stored if key not in used and not key.startswith(engine.unused)]
    if leftover:
        raise ExportError(
            f"{place} has {len(leftover)} weights that the "
            f"{engine.contract.name} graph does not use, such as {leftover[0]}"
        )
    return sources


def require_weights(engine: Engine, checkpoint: Checkpoint) -> None:
    """Compare a single file's names and shapes with the engine's, before it is downloaded.

    Raises:
        ExportError: a weight is missing, left over, or of another shape.
    """
    header = checkpoint.header(engine.component)
    if header is None:
        return
    absent = _absent(engine)
    for name, source in weight_sources(engine, list(absent), checkpoint).items():
        found, expected = header.tensors[source.key].shape, tuple(absent[name].shape)
        if found != expected:
            raise ExportError(f"{source.file}: {source.key} has shape {found}, expected {expected}")


def load_weights(engine: Engine, checkpoint: Checkpoint) -> nn.Module:
    """Read the weights into the module of an engine, before it is traced; round them to INT8.

    Raises:
        ExportError: the checkpoint does not fit.
    """
    absent = _absent(engine)
    for name, source in weight_sources(engine, list(absent), checkpoint).items():
        tensor = read_weight(source, absent[name].dtype)
        if name in engine.int8:
            tensor = fake_quantize(tensor)
        owner, _, leaf = name.rpartition(".")
        if isinstance(absent[name], nn.Parameter):
            tensor = nn.Parameter(tensor, requires_grad=False)
        setattr(engine.module.get_submodule(owner), leaf, tensor)
    return engine.module.eval()


def _absent(engine: Engine) -> dict[str, Tensor]:
    """Return the tensors whose values the checkpoint has."""
    tensors = [*engine.module.named_parameters(), *engine.module.named_buffers()]
    return {name: tensor for name, tensor in tensors if tensor.is_meta}
