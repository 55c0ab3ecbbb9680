"""An engine's module with its weights, to run it in PyTorch in the engine's own precision."""

from torch import nn

from export.checkpoint.folder import Checkpoint
from export.checkpoint.weights import read_weight, weight_sources
from export.graphs.engine import Engine


def materialise(engine: Engine, checkpoint: Checkpoint) -> nn.Module:
    """Read the weights into the module of an engine that has not been traced.

    Raises:
        ExportError: the checkpoint does not fit.
    """
    tensors = [*engine.module.named_parameters(), *engine.module.named_buffers()]
    absent = {name: tensor for name, tensor in tensors if tensor.is_meta}
    for name, source in weight_sources(engine, list(absent), checkpoint).items():
        tensor = read_weight(source, absent[name].dtype)
        owner, _, leaf = name.rpartition(".")
        if isinstance(absent[name], nn.Parameter):
            tensor = nn.Parameter(tensor, requires_grad=False)
        setattr(engine.module.get_submodule(owner), leaf, tensor)
    return engine.module.eval()
