/** @import { File as Stored, OpenFile } from "./wire.d.ts" */

/**
 * The way to the server for whoever shows files, which is fetched when there are any: addresses
 * are good for ten minutes only.
 * @type {{
 *   send: (command: OpenFile) => boolean,
 *   heard: (event: { type: string, file?: Stored, command?: string | null }) => void,
 * }}
 */
export const files = { send: () => false, heard: () => {} };
