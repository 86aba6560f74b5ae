/** Connects files to the socket without loading the code for files. */

/** @import { File as Stored, OpenFile } from "./wire.d.ts" */

/**
 * Connects the code that shows files to the socket, which gives it new addresses: they expire after
 * ten minutes. That code is loaded only when there are files.
 * @type {{
 *   send: (command: OpenFile) => boolean,
 *   heard: (event: { type: string, file?: Stored, command?: string | null }) => void,
 * }}
 */
export const files = { send: () => false, heard: () => {} };
