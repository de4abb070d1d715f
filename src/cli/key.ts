/** `turnout key new` and `turnout key hash`: keys are stored as hashes only. */
import { hash, randomBytes } from 'node:crypto'
import type { Io } from './io.ts'
import { readAll } from './stdin.ts'

export async function key(argv: string[], io: Io): Promise<number> {
  switch (argv[0]) {
    case 'new': {
      const secret = `sk-turnout-${randomBytes(32).toString('base64url')}`
      io.stdout.write(`key   ${secret}\nhash  ${stored(secret)}\n`)
      io.stderr.write('give the key to its user, put the hash into `keys`; the key is not kept anywhere\n')
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
      io.stderr.write('usage: turnout key new | turnout key hash < FILE\n')
      return 2
  }
}

const stored = (secret: string): string => `sha256:${hash('sha256', secret, 'hex')}`
