"""What to do if files of an export for a GPU are missing or do not fit."""

_RTX = "(TARGET=tensorrt-rtx for GeForce and RTX cards)"

BUILD_PLANS = f"run `make export TARGET=tensorrt` again {_RTX}"
PUT_ON_CPU = f"run `make export TARGET=tensorrt TEXT_ENCODER_DEVICE=cpu` again {_RTX}"
