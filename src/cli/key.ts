/** `turnout key ...`: keys and their hashes, and the keys that are made while the gateway runs. */
import { hashOf, newSecret } from '../keys/secret.ts'
import type { Io } from './io.ts'
import { isKeyVerb, keyOfFile } from './key-of-file.ts'
import { KEY_USAGE } from './key-flags.ts'
import { readAll } from './stdin.ts'

/** Exit code 0: done, 1: it cannot be done, 2: wrong usage. */
export async function key(argv: string[], io: Io): Promise<number> {
  const [verb = '', ...rest] = argv
  if (isKeyVerb(verb)) return await keyOfFile(verb, rest, io)
  switch (verb) {
    case 'new': {
      const secret = newSecret()
      io.stdout.write(`key   ${secret}\nhash  ${stored(secret)}\n`)
      io.stderr.write(
        'give the key to its user and put the hash into `keys` (or `admin.token`); the key itself is not stored\n',
      )
      return 0
    }
    case 'hash': {
      const secret = (await readAll(io.stdin)).toString().trim()
      if (secret === '') {
        io.stderr.write('turnout key hash: no key on standard input\n')
        return 1
      }
      io.stdout.write(`${stored(secret)}\n`)
      return 0
    }
    default:
      io.stderr.write(KEY_USAGE)
      return 2
  }
}

const stored = (secret: string): string => `sha256:${hashOf(secret)}`
