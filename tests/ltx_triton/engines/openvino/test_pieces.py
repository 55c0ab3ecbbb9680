from hypothesis import given
from hypothesis import strategies as st

from ltx_triton.engines.openvino.pieces import Piece, divide

latent_frames = st.integers(1, 80)
longest_pieces = st.integers(1, 200)
convolution_counts = st.integers(0, 9)


def test_a_short_video_is_one_piece() -> None:
    assert divide(13, longest=45, convolutions=3) == [Piece(0, 13, 0, 25)]


def test_a_long_video_is_divided_into_the_fewest_pieces() -> None:
    assert divide(121, longest=45, convolutions=3) == [
        Piece(0, 45, 0, 80),
        Piece(38, 83, 80, 156),
        Piece(76, 121, 156, 241),
    ]


@given(latent_frames, longest_pieces, convolution_counts)
def test_pieces_give_each_frame_once_and_in_order(
    frames: int, longest: int, convolutions: int
) -> None:
    features = 4 * (frames - 1) + 1

    pieces = divide(features, longest, convolutions)

    given_frames = [frame for piece in pieces for frame in range(piece.first, piece.last)]
    assert given_frames == list(range(2 * features - 1))
    assert len({piece.end - piece.begin for piece in pieces}) == 1
    assert (pieces[0].end - pieces[0].begin) % 4 == 1


@given(latent_frames, longest_pieces, convolution_counts)
def test_frames_that_the_end_of_a_piece_changes_are_not_used(
    frames: int, longest: int, convolutions: int
) -> None:
    features = 4 * (frames - 1) + 1

    for piece in divide(features, longest, convolutions):
        if piece.begin > 0:
            assert piece.first - 2 * piece.begin > convolutions
        if piece.end < features:
            assert piece.last <= 2 * piece.end - 1 - (convolutions + 2)
