"""How wire shapes are declared and read.

Unknown fields are ignored, so that a sender may be newer than we are; a missing or ill-typed field
is one clear error that names it.
"""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from wire.errors import MalformedError

ShapeT = TypeVar("ShapeT")


class Shape(BaseModel):
    """A message's shape: frozen, strict about types, forgiving about fields it does not know.

    Bytes travel as base64; both alphabets are read.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    def to_json(self) -> bytes:
        """The message as it goes over the wire: fields that are unset or null are left out."""
        return self.model_dump_json(exclude_none=True).encode()


def read_shape(shape: type[ShapeT] | TypeAdapter[ShapeT], data: bytes | str) -> ShapeT:
    """Read one message.

    Raises:
        MalformedError: it is not JSON, or a field is missing or ill-typed; names the field and never
            repeats the value, which may be somebody's document.
    """
    adapter: TypeAdapter[ShapeT] = shape if isinstance(shape, TypeAdapter) else TypeAdapter(shape)
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        where = f"field {field!r}: " if field else ""
        # What our own checks say comes with pydantic's "Value error, " before it.
        said = first["msg"].removeprefix("Value error, ")
        raise MalformedError(f"{where}{said}", field=field or None) from None
