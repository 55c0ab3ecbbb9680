"""Memory for the tensors of an engine, on the GPU and pinned on the host."""

from dataclasses import dataclass, field

from ltx_triton.engines.tensorrt.cuda import DeviceMemory, PinnedMemory


@dataclass
class TensorBuffers:
    """Memory by tensor name. It stays where it is until something larger is needed."""

    device: dict[str, DeviceMemory] = field(default_factory=dict)
    pinned: dict[str, PinnedMemory] = field(default_factory=dict)
    activations: DeviceMemory = field(default_factory=lambda: DeviceMemory(0))

    def hold(self, sizes: dict[str, int], activations: int) -> bool:
        """Whether tensors of these sizes, in bytes, and activations of this size fit."""
        return self.activations.size >= activations and all(
            name in self.device and self.device[name].size >= size for name, size in sizes.items()
        )

    def grow(self, sizes: dict[str, int], activations: int) -> None:
        """Replace what is too small. The old goes first: GPU memory may not hold both.

        Raises:
            CudaError: out of memory; what was to grow is then gone, and the next call retries.
        """
        for name, size in sizes.items():
            if name not in self.device or self.device[name].size < size:
                self.device.pop(name, None)
                self.pinned.pop(name, None)
                self.pinned[name] = PinnedMemory(size)
                self.device[name] = DeviceMemory(size)
        if self.activations.size < activations:
            self.activations = DeviceMemory(0)
            self.activations = DeviceMemory(activations)

    def device_bytes(self) -> int:
        """GPU memory held."""
        return self.activations.size + sum(memory.size for memory in self.device.values())
