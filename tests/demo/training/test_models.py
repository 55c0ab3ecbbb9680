import torch

from demo.training.models import new_text_encoder


def test_the_first_heads_of_the_text_encoder_attend_to_neighbours() -> None:
    torch.manual_seed(0)
    model = new_text_encoder(50)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        looks = model(torch.arange(10)[None], output_attentions=True).attentions[0][0]
    back, ahead, two_back = (head.argmax(dim=-1).tolist() for head in looks[:3])
    assert back[1:] == list(range(9))
    assert ahead[:-1] == list(range(1, 10))
    assert two_back[2:] == list(range(8))
