from frontend.api.security import wrong_keys
from frontend.api.security.wrong_keys import WrongKeys


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_address_with_too_many_wrong_keys_waits_until_the_oldest_is_forgotten() -> None:
    clock = Clock()
    wrong = WrongKeys(limit=3, window=60.0, clock=clock)
    for _ in range(3):
        assert wrong.retry_after("guesser") is None
        wrong.add("guesser")
        clock.now += 10

    assert wrong.retry_after("guesser") == 30
    assert wrong.retry_after("another") is None
    clock.now += 30
    assert wrong.retry_after("guesser") is None
    wrong.add("guesser")
    assert wrong.retry_after("guesser") == 10


def test_the_memory_of_addresses_is_bounded() -> None:
    wrong = WrongKeys(limit=1)
    for number in range(wrong_keys._MAX_ADDRESSES + 1):
        wrong.add(str(number))

    assert wrong.retry_after("0") is None
    assert wrong.retry_after(str(wrong_keys._MAX_ADDRESSES)) is not None
