/**
 * What `store` names must be places that the gateway may write. Found out later, ledger and state would be lost without anybody
 * having seen more than a line of the log.
 */
import { access } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import type { Issue } from '../config/issues.ts'
import type { Config } from '../core/settings.ts'
import { type Blocked, blocked } from '../store/blocked.ts'

interface Place {
  /** As in the file: "store.ledger". */
  readonly option: string
  readonly path: string
  readonly folder: string
}

/** One for each place that cannot be written. */
export async function unwritable(store: Config['store'], who: Who): Promise<Issue[]> {
  const issues = await Promise.all(
    placesOf(store).map(async (place) => {
      // A file of keys that others make and this process only reads is a way to run it.
      if (place.option === 'store.keys' && (await isThere(place.path))) return []
      const block = await blocked(place.folder)
      return block === null ? [] : [{ path: place.option, message: blockWords(place, block, who) }]
    }),
  )
  return issues.flat()
}

function placesOf({ ledger, state, keys, answers: { place } }: Config['store']): Place[] {
  const folder = (option: string, path: string): Place => ({ option, path, folder: path })
  const file = (option: string, path: string): Place => ({ option, path, folder: dirname(path) })
  return [
    ...(ledger === null ? [] : [folder('store.ledger', ledger.folder)]),
    ...(state === null ? [] : [file('store.state', state)]),
    ...(keys === null ? [] : [file('store.keys', keys)]),
    ...(typeof place === 'string' ? [] : [folder('store.answers', place.folder)]),
  ]
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The user that the process runs as; null on Windows. */
export interface Who {
  readonly uid: number | null
  /** `TURNOUT_DATA`; '' where it is not set. */
  readonly data: string
}

/** What stands in the way, and what to type. */
export function blockWords({ path }: Pick<Place, 'path'>, { code, at }: Blocked, { uid, data }: Who): string {
  const elsewhere = remedy(path, data)
  const why: Readonly<Record<string, string>> = {
    EROFS: `${at} is on a file system that is read-only; ${elsewhere}`,
    ENOTDIR: `${at} is a file and not a folder; move it away, or ${elsewhere}`,
  }
  const user = uid === null ? 'this user' : `user ${uid}`
  const mine = uid === null ? '' : `type \`chown ${uid} ${at}\` as root, or `
  return `${path} cannot be written: ${why[code] ?? `${at} is closed to ${user} (${code}); ${mine}${elsewhere}`}`
}

/** `data`: of a container, in all likelihood. */
function remedy(path: string, data: string): string {
  if (data === '') return 'name a path elsewhere'
  const isBelow = !relative(data, path).startsWith('..')
  return isBelow ? `mount a volume at ${data}` : `name a path below ${data}, or a relative one, which starts there`
}
