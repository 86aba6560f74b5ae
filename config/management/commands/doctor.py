"""``manage.py doctor``: what is wrong with this installation, and what to do."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import doctor
from config.doctor import Level


class Command(BaseCommand):
    help = "Check everything that the chat depends on. Exits with 1 if there are errors."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(doctor.examine())
        if options["json"]:
            findings = [
                {"check": name, "level": one.level, "told": one.message, "advice": one.advice}
                for name, one in found
            ]
            self.stdout.write(json.dumps(findings, indent=2, ensure_ascii=False))
        else:
            for name, one in found:
                self._tell(name, one)
            self._sum_up([one.level for _name, one in found])
        if any(one.level is Level.ERROR for _name, one in found):
            sys.exit(1)

    def _tell(self, name: str, one: doctor.Finding) -> None:
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARNING: self.style.WARNING,
            Level.ERROR: self.style.ERROR,
        }[one.level]
        self.stdout.write(f"{style(f'{one.level:<8}')} {name}: {one.message}")
        if one.advice:
            self.stdout.write(f"         → {one.advice}")

    def _sum_up(self, levels: list[Level]) -> None:
        errors, warnings = levels.count(Level.ERROR), levels.count(Level.WARNING)
        self.stdout.write(f"Errors: {errors}. Warnings: {warnings}.")
