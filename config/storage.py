"""Static files: minified, then hashed and compressed, at ``collectstatic``. No build step."""

from collections.abc import Iterator
from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from servestatic.storage import CompressedManifestStaticFilesStorage


class MinifiedStorage(CompressedManifestStaticFilesStorage):
    """Removes comments and white space from Livechat's scripts and styles before they are hashed.

    Identifiers stay as they are in the repository. Files of libraries are minified already.
    """

    support_js_module_import_aggregation = True
    # The hash of a module depends on those it imports: one pass for each level of imports.
    max_post_process_passes = 20

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            for name in paths:
                if name.startswith(("livechat/", "demo/")) and self._minify(name):
                    paths[name] = (self, name)  # hash the minified file, not the source
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
