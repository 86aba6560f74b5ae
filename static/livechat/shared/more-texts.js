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
  "file.largerThan": "it is larger than {size}",
  "file.left": "{count} were left out.",
  "file.left.one": "One was left out.",
  "file.list": "Files to send",
  "file.most": "At most {count} files go into a message.",
  "file.most.one": "Only one file goes into a message.",
  "file.off": "Files cannot be sent here.",
  "file.progress": "{name} is being uploaded",
  "file.remove": "Remove {name}",
  "file.removed": "{name} removed",
  "file.uploaded": "{name} uploaded",
  "file.view": "View {name}",
  "file.viewMore": "View {name} and {count} more",
  "paste.attach": "Attach as a file",
  "paste.attached": "The pasted text is attached as {name}.",
  "paste.cut": "{count} characters were left out.",
  "paste.cut.one": "1 character was left out.",
  "paste.drop": "Discard",
  "paste.fileName": "pasted-text.txt",
  "paste.keep": "Keep the first {limit} characters",
  "paste.tooLong": "The pasted text is too long for a message: {count} characters.",
  "paste.undo": "Undo",
  "refused.file_broken": "the file is damaged",
  "refused.file_empty": "the file is empty",
  "refused.file_type": "this type of file is not accepted here",
  "refused.files_off": "files cannot be sent here",
  "refused.image_too_large": "the picture has too many pixels",
  "refused.too_large": "the file is too large",
  "refused.upload": "the file could not be uploaded",
  "viewer.download": "Download",
  "viewer.failed": "The picture cannot be shown at the moment.",
  "viewer.next": "Next picture",
  "viewer.place": "{number} of {total}",
  "viewer.previous": "Previous picture",
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
