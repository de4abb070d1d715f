/** `turnout explain` and `turnout route`: what would be decided about a request, or was decided about one of the ledger. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { questionOf } from '../formats/question.ts'
import { type ShownDecision, WIDTH } from '../observe/explain/shape.ts'
import { decisionTable } from '../observe/explain/table.ts'
import { columnsOf } from './columns-of.ts'
import { type CallOf, UsageError } from './command.ts'
import { decide } from './decide.ts'
import { Refused } from './refused.ts'
import type { Io } from './io.ts'
import type { EXPLAIN, ROUTE } from './rows/decide.ts'
import { readAll } from './stdin.ts'

/** Exit code 0: somebody would be asked, 1: nobody. */
export async function explain({ flags, args: { request } }: CallOf<typeof EXPLAIN>, io: Io): Promise<number> {
  const past = flags.last ? 'last' : flags.id === undefined ? null : { id: flags.id }
  if (past === null && request === undefined)
    throw new UsageError('REQUEST.json is missing: the body of a request, or - for standard input')
  if (past !== null && request !== undefined)
    throw new UsageError('--last and --id are of the ledger: leave out the request')
  if (past === null) {
    const whose = { endpoint: flags.endpoint ?? null, model: flags.model ?? null }
    return show(await decide(await readRequest(request ?? '-', io), flags, io, whose), flags.json, io)
  }
  const { decisionInLedger } = await import('./decision-in-ledger.ts')
  return show(await decisionInLedger(past, flags.config, io), flags.json, io)
}

/** The same of a text alone. */
export async function route({ flags, args: { text } }: CallOf<typeof ROUTE>, io: Io): Promise<number> {
  const content = text === '-' ? (await readAll(io.stdin)).toString() : text
  return show(await decide(questionOf(flags.model, content), flags, io), flags.json, io)
}

function show(decision: ShownDecision, json: boolean, io: Io): number {
  const width = columnsOf(io.stdout, WIDTH)
  io.stdout.write(json ? `${JSON.stringify(decision, null, 2)}\n` : decisionTable(decision, width))
  return decision.error === undefined ? 0 : 1
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
