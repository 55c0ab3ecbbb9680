import pytest
import torch
from diffusers import LTXVideoTransformer3DModel

from export.checkpoint.folder import FolderCheckpoint
from export.linears import GroupError, group_errors, group_of, in_a_block, linears


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("transformer_blocks.0.attn1.to_q", "first block"),
        ("transformer_blocks.47.ff.net.2", "last block"),
        ("transformer_blocks.1.attn1.to_q", "attn1.to_q"),
        ("transformer_blocks.46.attn2.to_out.0", "attn2.to_out.0"),
        ("transformer_blocks.4.ff.net.0.proj", "ff.net.0.proj"),
        ("model.transformer_blocks.4.ff.net.0.proj", "ff.net.0.proj"),
        ("encoder.block.0.layer.0.SelfAttention.q", "first block"),
        ("encoder.block.23.layer.1.DenseReluDense.wo", "layer.1.DenseReluDense.wo"),
        ("proj_in", "proj_in"),
        ("caption_projection.linear_2", "caption_projection"),
        ("time_embed.emb.timestep_embedder.linear_1", "time_embed"),
        ("time_embed.linear", "time_embed.linear"),
    ],
)
def test_groups(name: str, group: str) -> None:
    assert group_of(name, blocks=48) == group


def test_only_the_linears_of_blocks_are_in_a_block(checkpoint: FolderCheckpoint) -> None:
    with torch.device("meta"):
        model = LTXVideoTransformer3DModel.from_config(checkpoint.config("transformer"))
    outside = {name for name, _ in linears(model) if not in_a_block(name)}
    assert outside == {
        "proj_in",
        "proj_out",
        "caption_projection.linear_1",
        "caption_projection.linear_2",
        "time_embed.emb.timestep_embedder.linear_1",
        "time_embed.emb.timestep_embedder.linear_2",
        "time_embed.linear",
    }


def test_errors_are_relative_to_the_outputs_and_shared_by_their_squares() -> None:
    exact = [torch.tensor([3.0]), torch.tensor([4.0])]
    quantized = {"a": [torch.tensor([3.0]), torch.tensor([5.0])], "b": [exact[0] + 2.0, exact[1]]}
    errors = group_errors(exact, quantized.items())
    assert errors == {"a": GroupError(0.2, 0.2), "b": GroupError(0.4, 0.8)}
