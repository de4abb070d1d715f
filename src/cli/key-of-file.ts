/** `turnout key create|list|show|change|rotate|revoke`: the file of keys of a configuration, whether a gateway runs with it or not. */
import { needKnown } from '../config/view.ts'
import { GatewayError } from '../core/errors.ts'
import type { KeyStore, Made } from '../keys/key-store.ts'
import type { KeyView } from '../keys/key-view.ts'
import { type CallOf, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { viewed } from './viewed.ts'
import { fieldsOfFlags } from './key-flags.ts'
import { columnsShown } from './columns-of.ts'
import { keyTable, shownKey } from './key-text.ts'
import { keysOfConfig } from './keys-of-config.ts'
import { Refused } from './refused.ts'
import type { KEY_CHANGE, KEY_CREATE, KEY_LIST, KEY_REVOKE, KEY_ROTATE, KEY_SHOW } from './rows/key.ts'

/** Exit code of all of them: 0 done, 1 it cannot be done. */
export const createKey = ({ flags, args, more }: CallOf<typeof KEY_CREATE>, io: Io): Promise<number> => {
  const id = flags.id ?? args.id
  if (id === undefined) throw new UsageError('--id ID is missing: how the key is to be called')
  if (flags.id !== undefined && args.id !== undefined) throw new UsageError('the id is given twice')
  const fields = fieldsOfFlags(more)
  return onKeys(flags, io, async (keys) => printMade(await keys.create({ id, ...fields }), flags, io))
}

export const listKeys = ({ flags }: CallOf<typeof KEY_LIST>, io: Io): Promise<number> =>
  onKeys(flags, io, (keys) => print({ keys: keys.list() }, keyTable(keys.list(), columnsShown(io.stdout)), flags, io))

export const showKey = ({ flags, args }: CallOf<typeof KEY_SHOW>, io: Io): Promise<number> =>
  onKeys(flags, io, (keys) => printKey(keys.get(args.id), flags, io))

export const changeKey = ({ flags, args, more }: CallOf<typeof KEY_CHANGE>, io: Io): Promise<number> => {
  const fields = fieldsOfFlags(more)
  return onKeys(flags, io, async (keys) => {
    printKey(await keys.change(args.id, fields), flags, io)
    io.stderr.write(TAKEN_OVER)
  })
}

export const rotateKey = ({ flags, args }: CallOf<typeof KEY_ROTATE>, io: Io): Promise<number> =>
  onKeys(flags, io, async (keys) =>
    printMade(await keys.rotate(args.id, flags.grace === undefined ? {} : { grace: flags.grace }), flags, io),
  )

export const revokeKey = ({ flags, args }: CallOf<typeof KEY_REVOKE>, io: Io): Promise<number> =>
  onKeys(flags, io, async (keys) => {
    printKey(await keys.revoke(args.id), flags, io)
    io.stderr.write(TAKEN_OVER)
  })

interface Wish {
  readonly config: string | undefined
  readonly json: boolean
}

async function onKeys({ config }: Wish, io: Io, act: (keys: KeyStore) => void | Promise<void>): Promise<number> {
  try {
    await act(await openKeys(config, io))
    return 0
  } catch (thrown) {
    throw thrown instanceof GatewayError ? new Refused(thrown.message) : thrown
  }
}

async function openKeys(asked: string | undefined, io: Io): Promise<KeyStore> {
  const found = await viewed(asked, io)
  if (found === null || found.config.store.keys === null) {
    throw new Refused(
      `${found === null ? 'there is no configuration' : `${found.file} names no key file`}; add \`store: { keys: ./data/keys.json }\` to it`,
    )
  }
  needKnown(found.config, found.file, 'store.keys')
  return keysOfConfig(found.config, 'turnout key', io)
}

function print(value: object, text: string, { json }: Wish, io: Io): void {
  io.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text)
}

function printMade(made: Made, wish: Wish, io: Io): void {
  print(made, `key     ${made.secret}\n${shownKey(made.key)}`, wish, io)
  io.stderr.write('give the key to its user: it is not stored\n')
  io.stderr.write(TAKEN_OVER)
}

const printKey = (key: KeyView, wish: Wish, io: Io): void => print({ key }, shownKey(key), wish, io)

const TAKEN_OVER = 'A gateway that runs with this file picks the change up within a second.\n'
