/** `turnout explain REQUEST.json`: what would be decided about a request, by a running gateway or by one of its own. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from '../config/issues.ts'
import { GatewayError } from '../core/errors.ts'
import type { ShownDecision } from '../observe/explain/shape.ts'
import { decisionTable } from '../observe/explain/table.ts'
import { askGateway } from './ask-gateway.ts'
import type { CallOf } from './command.ts'
import type { HereOptions } from './decide-here.ts'
import { ExplainError } from './explain-error.ts'
import type { Io } from './io.ts'
import type { EXPLAIN } from './rows/decide.ts'
import { readAll } from './stdin.ts'

/** Exit code 0: somebody would be asked, 1: nobody, or it cannot be told, 2: wrong usage. */
export async function explain({ flags: values, args }: CallOf<typeof EXPLAIN>, io: Io): Promise<number> {
  const key = values.key ?? (io.env['TURNOUT_KEY'] === '' ? undefined : io.env['TURNOUT_KEY'])
  try {
    const raw = await readRequest(args.request, io)
    const decision =
      values.url === undefined
        ? await here(raw, { config: values.config, key, forced: values.key !== undefined }, io)
        : await askGateway(raw, values.url, key)
    io.stdout.write(values.json ? `${JSON.stringify(decision, null, 2)}\n` : decisionTable(decision))
    return decision.error === undefined ? 0 : 1
  } catch (thrown) {
    io.stderr.write(`turnout explain: ${words(thrown as Error)}\n`)
    return 1
  }
}

/** A gateway is loaded only where one is needed. */
async function here(raw: Buffer, options: HereOptions, io: Io): Promise<ShownDecision> {
  const { decideHere } = await import('./decide-here.ts')
  return await decideHere(raw, options, io)
}

async function readRequest(file: string, io: Io): Promise<Buffer> {
  if (file === '-') return await readAll(io.stdin)
  try {
    return await readFile(resolve(io.cwd, file))
  } catch (thrown) {
    throw new ExplainError(`${file}: cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
}

function words(error: Error): string {
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`
  if (error instanceof ConfigError || error instanceof ExplainError) return error.message
  return error.stack ?? error.message
}
