"""``manage.py generate_wire``: generate the browser's types from `livechat/wire`."""

import inspect
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from msgspec import inspect as shape

from livechat import wire

TARGET = Path("static/livechat/shared/wire.d.ts")

UNIONS = {
    "VisitorCommand": wire.VisitorCommand,
    "StaffCommand": wire.StaffCommand,
    "VisitorEvent": wire.VisitorEvent,
    "StaffEvent": wire.StaffEvent,
}


def typescript() -> str:
    """Return the text of ``wire.d.ts``: an interface for each struct, and the `UNIONS`."""
    structs = [
        item
        for item in vars(wire).values()
        if inspect.isclass(item) and issubclass(item, msgspec.Struct) and item is not wire.Command
    ]
    parts = [
        "// Generated from livechat/wire by `manage.py generate_wire`. Do not edit.\n",
        f"export type Version = {wire.VERSION};\n",
    ]
    parts += [_interface(struct) for struct in structs]
    for name, union in UNIONS.items():
        members = "".join(f"\n  | {member.__name__}" for member in union.__args__)
        parts.append(f"export type {name} ={members};\n")
    return "\n".join(parts)


def _interface(struct: type[msgspec.Struct]) -> str:
    info = shape.type_info(struct)
    assert isinstance(info, shape.StructType)
    lines = [f'  type: "{info.tag}";'] if info.tag else []
    incoming = issubclass(struct, wire.Command) or struct is wire.Page
    for field in info.fields:
        omitted = (incoming or struct.__struct_config__.omit_defaults) and not field.required
        lines.append(f"  {field.encode_name}{'?' if omitted else ''}: {_type(field.type)};")
    comment = inspect.cleandoc(vars(struct).get("__doc__") or "")
    head = "/**\n" + "".join(f" * {line}\n" for line in comment.splitlines()) + " */\n"
    body = "\n".join(lines)
    return f"{head if comment else ''}export interface {struct.__name__} {{\n{body}\n}}\n"


def _type(node: shape.Type) -> str:
    match node:
        case shape.StrType() | shape.UUIDType() | shape.DateTimeType():
            return "string"
        case shape.IntType() | shape.FloatType():
            return "number"
        case shape.BoolType():
            return "boolean"
        case shape.NoneType():
            return "null"
        case shape.LiteralType():
            return " | ".join(f'"{value}"' for value in node.values)
        case shape.ListType():
            return f"Array<{_type(node.item_type)}>"
        case shape.DictType():
            return f"Record<string, {_type(node.value_type)}>"
        case shape.UnionType():
            # TypeScript has one type for integers and floats.
            return " | ".join(dict.fromkeys(_type(kind) for kind in node.types))
        case shape.StructType():
            return node.cls.__name__
    raise TypeError(f"No TypeScript for {node!r}")


class Command(BaseCommand):
    help = "Write the browser's types from livechat/wire."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        target = settings.BASE_DIR / TARGET
        text = typescript()
        if options["check"]:
            if not target.exists() or target.read_text() != text:
                raise SystemExit(f"{TARGET} is out of date. Run manage.py generate_wire.")
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self.stdout.write(f"Wrote {TARGET}")
