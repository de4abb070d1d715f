/**
 * Ids of calls as Anthropic takes them: letters, figures, `_` and `-`. Engines also write others (`functions.read:0`), and a conversation
 * that began on one of those may go on at Anthropic: such an id is written in letters, and read back when the caller returns it. Pure.
 */
const PLAIN = /^[\w-]+$/
const PREFIX = 'toolu_turnout_'

/** `id`: as the engine wrote it. */
export const writtenId = (id: string): string =>
  PLAIN.test(id) && !id.startsWith(PREFIX) ? id : PREFIX + Buffer.from(id).toString('base64url')

/** What `writtenId` wrote, or the id of a native answer. */
export const readId = (id: string): string =>
  id.startsWith(PREFIX) ? Buffer.from(id.slice(PREFIX.length), 'base64url').toString() : id
