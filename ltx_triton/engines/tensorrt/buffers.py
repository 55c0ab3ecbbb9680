"""Memory for an engine's tensors, on the GPU and pinned on the host."""

from dataclasses import dataclass, field

from ltx_triton.engines.tensorrt.cuda import DeviceMemory, PinnedMemory


@dataclass
class TensorBuffers:
    """Memory by tensor name. Addresses stay valid until `grow` replaces a buffer."""

    device: dict[str, DeviceMemory] = field(default_factory=dict)
    pinned: dict[str, PinnedMemory] = field(default_factory=dict)
    activations: DeviceMemory = field(default_factory=lambda: DeviceMemory(0))

    def has_room_for(self, sizes: dict[str, int], activations: int) -> bool:
        """Return whether tensors and activations of these sizes, in bytes, fit."""
        return self.activations.size >= activations and all(
            name in self.device and self.device[name].size >= size for name, size in sizes.items()
        )

    def grow(self, sizes: dict[str, int], activations: int) -> None:
        """Replace buffers that are too small, freeing each first: both may not fit into GPU memory.

        Raises:
            CudaError: out of memory; the freed buffer is allocated again by the next call.
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
        return self.activations.size + sum(memory.size for memory in self.device.values())
