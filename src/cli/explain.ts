/** `turnout explain` and `turnout route`: what would be decided about a request, or was decided about one of the ledger. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from '../config/issues.ts'
import { GatewayError } from '../core/errors.ts'
import { questionOf } from '../formats/question.ts'
import { type ShownDecision, WIDTH } from '../observe/explain/shape.ts'
import { decisionTable } from '../observe/explain/table.ts'
import { wrapped } from '../core/wrapped.ts'
import { columnsOf } from './columns-of.ts'
import { type CallOf, UsageError } from './command.ts'
import { decide } from './decide.ts'
import { Refused } from './refused.ts'
import { NoGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import type { EXPLAIN, ROUTE } from './rows/decide.ts'
import { readAll } from './stdin.ts'

/** Exit code 0: somebody would be asked, 1: nobody, or it cannot be told. */
export const explain = ({ flags, args: { request } }: CallOf<typeof EXPLAIN>, io: Io): Promise<number> => {
  const past = flags.last ? 'last' : flags.id === undefined ? null : { id: flags.id }
  if (past === null && request === undefined)
    throw new UsageError('REQUEST.json is missing: the body of a request, or - for standard input')
  if (past !== null && request !== undefined)
    throw new UsageError('--last and --id are of the ledger: leave out the request')
  const whose = { endpoint: flags.endpoint ?? null, model: flags.model ?? null }
  return shown('explain', flags.json, io, async () => {
    if (past === null) return await decide(await readRequest(request ?? '-', io), flags, io, whose)
    const { decisionInLedger } = await import('./decision-in-ledger.ts')
    return await decisionInLedger(past, flags.config, io)
  })
}

/** The same of a text alone. */
export const route = ({ flags, args: { text } }: CallOf<typeof ROUTE>, io: Io): Promise<number> =>
  shown('route', flags.json, io, async () => {
    const content = text === '-' ? (await readAll(io.stdin)).toString() : text
    return await decide(questionOf(flags.model, content), flags, io)
  })

async function shown(command: string, json: boolean, io: Io, decided: () => Promise<ShownDecision>): Promise<number> {
  try {
    const decision = await decided()
    io.stdout.write(
      json ? `${JSON.stringify(decision, null, 2)}\n` : decisionTable(decision, columnsOf(io.stdout, WIDTH)),
    )
    return decision.error === undefined ? 0 : 1
  } catch (thrown) {
    io.stderr.write(failure(`turnout ${command}: `, thrown as Error))
    return 1
  }
}

async function readRequest(file: string, io: Io): Promise<Buffer> {
  if (file === '-') return await readAll(io.stdin)
  try {
    return await readFile(resolve(io.cwd, file))
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    const text = (code === 'ENOENT' || code === 'ENAMETOOLONG') && /\s/.test(file)
    throw new Refused(`${file}: cannot be read (${code})${text ? '; `turnout route "..."` takes a text' : ''}`)
  }
}

function failure(place: string, error: Error): string {
  if (error instanceof GatewayError) return wrapped(`${place}${error.code}: ${error.message}`, 80)
  if (error instanceof Refused || error instanceof NoGateway) return wrapped(place + error.message, 80)
  // That of a configuration has lines of its own.
  return `${place}${error instanceof ConfigError ? error.message : (error.stack ?? error.message)}\n`
}
