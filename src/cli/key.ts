/** `turnout key new|hash`: keys and their hashes, without a configuration. */
import { hashOf, newSecret } from '../keys/secret.ts'
import type { Io } from './io.ts'
import { readAll } from './stdin.ts'

export function keyNew(_call: unknown, io: Io): Promise<number> {
  const secret = newSecret()
  io.stdout.write(`key   ${secret}\nhash  ${stored(secret)}\n`)
  io.stderr.write(
    'give the key to its user and put the hash into `keys` (or `admin.token`); the key itself is not stored\n',
  )
  return Promise.resolve(0)
}

/** Exit code 1: there is none. */
export async function keyHash(_call: unknown, io: Io): Promise<number> {
  const secret = (await readAll(io.stdin)).toString().trim()
  if (secret === '') {
    io.stderr.write('turnout key hash: no key on standard input\n')
    return 1
  }
  io.stdout.write(`${stored(secret)}\n`)
  return 0
}

const stored = (secret: string): string => `sha256:${hashOf(secret)}`
