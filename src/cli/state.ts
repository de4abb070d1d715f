/** `turnout state`: what the gateway has learnt and keeps in a file. */
import { isObject } from '../core/is-object.ts'
import { readFile, rm, stat } from 'node:fs/promises'
import { defaultStore } from '../config/load.ts'
import { needKnown } from '../config/view.ts'
import { HINT_NAMES, SAYINGS } from '../core/hints.ts'
import { newHintBook, strengthOf } from '../decision/learn/hint-strength.ts'
import { stateSchema } from '../decision/learn/state.ts'
import { shownShare, whole } from '../observe/explain/figures.ts'
import { WIDTH } from './help-text.ts'
import type { CallOf } from './command.ts'
import type { Io } from './io.ts'
import { viewed } from './viewed.ts'
import type { STATE } from './rows/books.ts'
import { table } from './table.ts'

/** Exit code 0: done, 1: there is nothing, or it cannot be read, 2: wrong usage. */
export async function state({ flags, args }: CallOf<typeof STATE>, io: Io): Promise<number> {
  const file = await stateFile(flags.config, io)
  return args.verb === 'reset' ? await resetState(file, io) : await showState(file, io, flags.json)
}

/** Null where nothing is kept. */
async function stateFile(asked: string | undefined, io: Io): Promise<string | null> {
  const found = await viewed(asked, io)
  if (found === null) return defaultStore(io.env).state
  needKnown(found.config, found.file, 'store.state')
  return found.config.store.state
}

/** `file` null: the configuration, or its absence, keeps nothing. `now`: the time of day, ms. */
export async function showState(file: string | null, io: Io, json: boolean, now = Date.now()): Promise<number> {
  const found = await lookAt(file, io)
  if (found === null) return 1
  let value: unknown
  try {
    value = JSON.parse(found.text)
  } catch {
    value = null
  }
  if (!isObject(value)) {
    io.stderr.write(`${found.file}: is not a JSON object; \`turnout state reset\` deletes it\n`)
    return 1
  }
  if (json) {
    io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
    return 0
  }
  const arms = isObject(value['arms']) ? Object.entries(value['arms']) : []
  io.stdout.write(
    `${found.file}: version ${word(value['version'])}, ${size(found.text)}, written ${age(now - found.writtenAt)} ago\n`,
  )
  if (arms.length === 0) io.stdout.write('nothing has been learnt yet\n')
  else
    io.stdout.write(
      `\n${table(
        ['model and effort', 'observations', 'scores and hints'],
        arms.map(([name, arm]) => [name, countOf(arm), saidOf(arm)]),
        WIDTH,
      )}${hintsText(value['hints'])}`,
    )
  return 0
}

/** Deletes the file, after saying what goes. Nothing to delete is no failure. */
export async function resetState(file: string | null, io: Io): Promise<number> {
  const found = await lookAt(file, io)
  if (found === null) return file === null ? 1 : 0
  await rm(found.file, { force: true })
  io.stdout.write(`deleted ${found.file} (${size(found.text)}): what was learnt is forgotten\n`)
  io.stderr.write('a gateway that still runs with this configuration will write it again; stop it first\n')
  return 0
}

interface Found {
  readonly file: string
  readonly text: string
  /** Time of day, ms. */
  readonly writtenAt: number
}

/** Null after saying why not. */
async function lookAt(file: string | null, io: Io): Promise<Found | null> {
  if (file === null) {
    io.stderr.write('turnout state: there is no state file: no configuration has `store.state`\n')
    return null
  }
  try {
    return { file, text: await readFile(file, 'utf8'), writtenAt: (await stat(file)).mtimeMs }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'does not exist: nothing has been learnt yet' : `cannot be read (${code ?? 'unknown error'})`
    io.stderr.write(`${file}: ${why}\n`)
    return null
  }
}

const word = (value: unknown): string => (typeof value === 'number' || typeof value === 'string' ? String(value) : '?')

const countOf = (arm: unknown): string => (isObject(arm) ? word(arm['n']) : '?')

/** Those of an arm, by their sources. */
function saidOf(arm: unknown): string {
  const said = isObject(arm) && isObject(arm['said']) ? arm['said'] : {}
  return (
    SAYINGS.filter((saying) => said[saying] !== undefined)
      .map((saying) => `${word(said[saying])} x ${saying}`)
      .join(', ') || '-'
  )
}

/** What hints are worth by what was scored of their answers; nothing where none was given. */
function hintsText(written: unknown): string {
  const hints = stateSchema.options[0].shape.hints.safeParse(written).data ?? {}
  const given = HINT_NAMES.filter((hint) => hints[hint] !== undefined)
  if (given.length === 0) return ''
  const book = { ...newHintBook(), ...hints }
  const rows = given.map((hint) => [
    hint,
    whole(book[hint].given),
    whole(book[hint].scored),
    shownShare(strengthOf(hint, book)),
  ])
  return `\n${table(['hint', 'given', 'scored as well', 'worth, of a score'], rows, WIDTH)}`
}

const size = (text: string): string => {
  const bytes = Buffer.byteLength(text)
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
]

function age(ms: number): string {
  const unit = UNITS.find(([length]) => ms >= 2 * length)
  return unit === undefined ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / unit[0])} ${unit[1]}`
}
