"""JSON files with a version: written and read as frozen pydantic models."""

from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class JsonFileError(RuntimeError):
    """A file has another version or is damaged; says what is wrong and how to make it anew."""


class JsonFile(BaseModel):
    """A file of a fixed name; subclasses default `version` to the only one that they read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    FILE: ClassVar[str]
    REMEDY: ClassVar[str]  # follows "FILE is missing: "

    version: int

    def save(self, folder: Path) -> None:
        """Write the file into `folder`."""
        text = self.model_dump_json(indent=2)
        (folder / self.FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the file from `folder`.

        Raises:
            FileNotFoundError: there is none.
            JsonFileError: it is of another version, or not what `save` writes.
        """
        path = folder / cls.FILE
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: {cls.REMEDY}")
        text = path.read_bytes()
        try:
            found = _Version.model_validate_json(text).version
            wanted = cls.model_fields["version"].default
            if found != wanted:
                raise JsonFileError(
                    f"{path} was written by another version of this project (format "
                    f"{found or 'without a version'}, expected {wanted}): {cls.REMEDY}"
                )
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise JsonFileError(f"{path} is damaged ({_reasons(error)}): {cls.REMEDY}") from error


class _Version(BaseModel):
    version: int | None = None


def _reasons(error: ValidationError) -> str:
    return "; ".join(
        ".".join(str(part) for part in each["loc"]) + f": {each['msg']}" for each in error.errors()
    )
