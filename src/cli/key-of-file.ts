/** `turnout key create|list|show|change|rotate|revoke`: the file of keys of a configuration, whether a gateway runs with it or not. */
import { parseArgs } from 'node:util'
import { ConfigError } from '../config/issues.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import { GatewayError } from '../core/errors.ts'
import { KeyFileError } from '../keys/key-file.ts'
import type { KeyStore, Made } from '../keys/key-store.ts'
import type { KeyView } from '../keys/key-view.ts'
import type { Io } from './io.ts'
import { FIELD_OPTIONS, fieldsOfFlags, KEY_USAGE } from './key-flags.ts'
import { keyTable, shownKey } from './key-text.ts'
import { keysOfConfig } from './keys-of-config.ts'

const VERBS = ['create', 'list', 'show', 'change', 'rotate', 'revoke'] as const

type Verb = (typeof VERBS)[number]

export const isKeyVerb = (word: string): word is Verb => (VERBS as readonly string[]).includes(word)

const COMMON = { config: { type: 'string' }, json: { type: 'boolean', default: false } } as const

const OPTIONS = {
  create: { ...FIELD_OPTIONS, id: { type: 'string' } },
  list: {},
  show: {},
  change: FIELD_OPTIONS,
  rotate: { grace: { type: 'string' } },
  revoke: {},
} as const

/** Exit code 0: done, 1: it cannot be done, 2: wrong usage. */
export async function keyOfFile(verb: Verb, argv: string[], io: Io): Promise<number> {
  let asked
  try {
    asked = askedOf(verb, argv)
  } catch (thrown) {
    io.stderr.write(`turnout key ${verb}: ${(thrown as Error).message}\n${KEY_USAGE}`)
    return 2
  }
  if (asked === null) {
    io.stderr.write(KEY_USAGE)
    return 2
  }
  try {
    const keys = await openKeys(asked.config, io)
    return keys === null ? 1 : await run(verb, asked, keys, io)
  } catch (thrown) {
    if (thrown instanceof GatewayError) io.stderr.write(`turnout key ${verb}: ${thrown.message}\n`)
    else if (thrown instanceof KeyFileError) io.stderr.write(`turnout key ${verb}: the key file ${thrown.message}\n`)
    else if (thrown instanceof ConfigError) io.stderr.write(`${thrown.message}\n`)
    else throw thrown
    return 1
  }
}

interface Asked {
  readonly id: string
  readonly config: string | undefined
  readonly json: boolean
  readonly grace: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** Null where the id is missing, or there is more than that. Throws what is wrong with an option. */
function askedOf(verb: Verb, argv: string[]): Asked | null {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { ...COMMON, ...OPTIONS[verb] },
    allowPositionals: true,
  })
  const { config, json, grace, id: named, ...flags } = values as Record<string, string | undefined> & { json: boolean }
  const words = named === undefined ? positionals : [named, ...positionals]
  if (words.length !== (verb === 'list' ? 0 : 1)) return null
  return { id: words[0] ?? '', config, json, grace, fields: fieldsOfFlags(flags) }
}

/** Null after saying why there is none. */
async function openKeys(asked: string | undefined, io: Io): Promise<KeyStore | null> {
  const path = await findConfig(asked, io.env, io.cwd)
  const config = path === null ? null : (await loadConfig(path, io.env, await loadProviders())).config
  if (config === null || config.store.keys === null) {
    io.stderr.write(
      `turnout key: ${path === null ? 'there is no configuration' : `${path} names no key file`}; add \`store: { keys: ./data/keys.json }\` to it\n`,
    )
    return null
  }
  return keysOfConfig(config, 'turnout key', io)
}

async function run(verb: Verb, { id, json, grace, fields }: Asked, keys: KeyStore, io: Io): Promise<number> {
  const print = (value: object, text: string): void =>
    void io.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text)
  const printMade = (made: Made): void => {
    print(made, `key     ${made.secret}\n${shownKey(made.key)}`)
    io.stderr.write('give the key to its user: it is not stored. ')
    io.stderr.write(TAKEN_OVER)
  }
  const printKey = (key: KeyView): void => print({ key }, shownKey(key))
  switch (verb) {
    case 'list':
      print({ keys: keys.list() }, keyTable(keys.list()))
      return 0
    case 'show':
      printKey(keys.get(id))
      return 0
    case 'create':
      printMade(await keys.create({ id, ...fields }))
      return 0
    case 'rotate':
      printMade(await keys.rotate(id, grace === undefined ? {} : { grace }))
      return 0
    case 'change':
      printKey(await keys.change(id, fields))
      break
    case 'revoke':
      printKey(await keys.revoke(id))
  }
  io.stderr.write(TAKEN_OVER)
  return 0
}

const TAKEN_OVER = 'A gateway that runs with this file picks the change up within a second.\n'
