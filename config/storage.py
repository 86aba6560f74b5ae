"""Static files: minified, then hashed and compressed, at ``collectstatic``. No build step."""

from collections.abc import Iterator
from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from servestatic.storage import CompressedManifestStaticFilesStorage


class MinifiedStorage(CompressedManifestStaticFilesStorage):
    """Takes out comments and blanks of our own scripts and styles before they are hashed.

    Names are kept, so what runs is what is in the repository; other people's files come minified.
    """

    support_js_module_import_aggregation = True
    # A module's name changes with those it imports: as many rounds as modules stand on each other.
    max_post_process_passes = 20

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            for name in paths:
                if name.startswith(("livechat/", "demo/")) and self._minify(name):
                    paths[name] = (self, name)  # hash what is here now, not the source
        yield from super().post_process(paths, dry_run, **options)

    def _minify(self, name: str) -> bool:
        minify = {"js": rjsmin.jsmin, "css": rcssmin.cssmin}.get(name.rpartition(".")[2])
        if minify is None:
            return False
        with self.open(name) as file:
            text = minify(file.read().decode())
        self.delete(name)
        self._save(name, ContentFile(text.encode()))
        return True
