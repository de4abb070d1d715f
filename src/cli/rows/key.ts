/** Texts of `turnout key ..`. */
import { type Flags, row } from '../command.ts'
import { CONFIG, JSON_FLAG } from './shared.ts'

const FILE_FLAGS = { config: CONFIG, json: JSON_FLAG } as const
const ID = { takes: 'ID', needed: true, doc: 'the id of the key' } as const
const TAKEN_OVER = 'A gateway that runs with the same file picks it up within a second.'

/** Made from the options of keys, which take a while to load. */
const fieldFlags = async (): Promise<Flags> => (await import('../key-flags.ts')).FIELD_FLAGS

export const KEY_NEW = row({
  name: 'key new',
  summary: 'make a key and the hash that a configuration stores',
  args: {},
  flags: {},
  examples: [
    { line: 'turnout key new', does: 'for `keys` or `admin.token` of the configuration' },
    { line: 'turnout key new > key.txt', does: 'into a file' },
  ],
})

export const KEY_HASH = row({
  name: 'key hash',
  summary: 'hash a key that is read from standard input',
  args: {},
  flags: {},
  examples: [
    { line: 'turnout key hash < key.txt', does: 'a key in a file' },
    { line: 'printf %s "$TURNOUT_KEY" | turnout key hash', does: 'a key in a variable' },
  ],
})

export const KEY_CREATE = row({
  name: 'key create',
  summary: 'make a key and print it once',
  about: [TAKEN_OVER],
  args: { id: { takes: 'ID', doc: 'the same as --id' } },
  flags: { id: { takes: 'ID', doc: 'the name of the key, in ledgers, metrics and the other commands' }, ...FILE_FLAGS },
  moreFlags: fieldFlags,
  examples: [
    { line: 'turnout key create --id ann', does: 'a key without limits' },
    { line: 'turnout key create --id ci --team blue --rpm 60 --budget 20/month', does: 'one with limits' },
  ],
})

export const KEY_LIST = row({
  name: 'key list',
  summary: 'print all keys, without their secrets',
  args: {},
  flags: FILE_FLAGS,
  examples: [
    { line: 'turnout key list', does: 'a row for each' },
    { line: 'turnout key list --json', does: 'all that is known of them' },
  ],
})

export const KEY_SHOW = row({
  name: 'key show',
  summary: 'print one key, without its secret',
  args: { id: ID },
  flags: FILE_FLAGS,
  examples: [
    { line: 'turnout key show ann', does: 'its limits, and what it may use' },
    { line: 'turnout key show ann --json', does: 'the same, for programs' },
  ],
})

export const KEY_CHANGE = row({
  name: 'key change',
  summary: 'change the options of a key',
  about: [`"none" removes an option. ${TAKEN_OVER}`],
  args: { id: ID },
  flags: FILE_FLAGS,
  moreFlags: fieldFlags,
  examples: [
    { line: 'turnout key change ann --budget 5/day', does: 'another budget' },
    { line: 'turnout key change ann --rpm none', does: 'no request limit any more' },
  ],
})

export const KEY_ROTATE = row({
  name: 'key rotate',
  summary: 'give a key a new secret and print it once',
  about: [TAKEN_OVER],
  args: { id: ID },
  flags: { grace: { takes: '1h', doc: 'how long the old secret still works; not at all without it' }, ...FILE_FLAGS },
  examples: [
    { line: 'turnout key rotate ann', does: 'the old secret ends now' },
    { line: 'turnout key rotate ann --grace 1h', does: 'it ends in an hour' },
  ],
})

export const KEY_REVOKE = row({
  name: 'key revoke',
  summary: 'end a key for good',
  about: [TAKEN_OVER],
  args: { id: ID },
  flags: FILE_FLAGS,
  examples: [
    { line: 'turnout key revoke ann', does: 'its requests are refused from now on' },
    { line: 'turnout key revoke ann --json', does: 'and print what is left of it, for programs' },
  ],
})
