/** English texts for files and emoji, and `t`, typed for them. */

import { extend, t as shared, tOneOf } from "./texts.js";

/** @import { Key as SharedKey } from "./texts.js" */

/** Texts for files and emoji, loaded with their code. The languages are those of `languages/`. */
const ENGLISH = {
  "emoji.activities": "Activities",
  "emoji.food": "Food and drink",
  "emoji.groups": "Groups",
  "emoji.nature": "Animals and nature",
  "emoji.objects": "Objects",
  "emoji.people": "People and gestures",
  "emoji.recent": "Recently used",
  "emoji.smileys": "Smileys",
  "emoji.symbols": "Symbols",
  "emoji.travel": "Travel and places",
  "file.download": "Download {name}",
  "file.drop": "Drop files to attach them",
  "file.failed": "{name} was not uploaded: {reason}",
  "file.largerThan": "the file is larger than {size}",
  "file.limit": "You can attach up to {count} files to a message.",
  "file.limit.one": "You can attach only one file to a message.",
  "file.list": "Files to send",
  "file.notAccepted": "You cannot send files in this chat.",
  "file.notAdded": "{count} files were not added.",
  "file.notAdded.one": "1 file was not added.",
  "file.progress": "Uploading {name}",
  "file.remove": "Remove {name}",
  "file.removed": "{name} removed",
  "file.uploaded": "{name} uploaded",
  "file.view": "View {name}",
  "file.viewMore": "View {name} and {count} more",
  "paste.attach": "Attach as a file",
  "paste.attached": "The pasted text is attached as {name}.",
  "paste.cut": "{count} characters were cut off.",
  "paste.cut.one": "1 character was cut off.",
  "paste.discard": "Discard",
  "paste.fileName": "pasted-text.txt",
  "paste.keep": "Keep the first {limit} characters",
  "paste.tooLong": "The pasted text is too long for a message: {count} characters.",
  "paste.undo": "Undo",
  "refused.file_broken": "the file is damaged",
  "refused.file_empty": "the file is empty",
  "refused.file_type": "this file type is not accepted",
  "refused.file_unreadable": "the file cannot be read any more. Choose it again",
  "refused.files_off": "this chat does not accept files",
  "refused.image_format": "this browser cannot convert the image. Save it as JPEG, or send a screenshot of it",
  "refused.image_too_large": "the image has too many pixels. Send a smaller copy, or a screenshot of it",
  "refused.too_large": "the file is too large",
  "refused.upload": "the upload was interrupted",
  "viewer.download": "Download",
  "viewer.failed": "The image cannot be shown right now. Please try again later.",
  "viewer.next": "Next image",
  "viewer.place": "{number} of {total}",
  "viewer.previous": "Previous image",
  "viewer.zoom": "Actual size",
};

/** @typedef {SharedKey | keyof typeof ENGLISH} Key */

extend(ENGLISH);

/**
 * The shared `t`, with these keys as well.
 * @type {(key: Key, values?: Record<string, string | number>) => string}
 */
export const t = /** @type {any} */ (shared);

export { tOneOf };
