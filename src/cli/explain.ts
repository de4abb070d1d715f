/** `turnout explain REQUEST.json`: what would be decided about a request, by a running gateway or by one of its own. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError } from '../config/issues.ts'
import { GatewayError } from '../core/errors.ts'
import type { ShownDecision } from '../observe/explain/shape.ts'
import { decisionTable } from '../observe/explain/table.ts'
import { askGateway } from './ask-gateway.ts'
import type { HereOptions } from './decide-here.ts'
import { ExplainError } from './explain-error.ts'
import type { Io } from './io.ts'
import { readAll } from './stdin.ts'

const USAGE =
  'usage: turnout explain REQUEST.json [--config FILE] [--url http://127.0.0.1:7070] [--key KEY] [--json]\n' +
  '       - instead of the file reads standard input; the key may also be in TURNOUT_KEY\n'

const OPTIONS = {
  config: { type: 'string' },
  url: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** Exit code 0: somebody would be asked, 1: nobody, or it cannot be told, 2: wrong usage. */
export async function explain(argv: string[], io: Io): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
  } catch (thrown) {
    io.stderr.write(`turnout explain: ${(thrown as Error).message}\n${USAGE}`)
    return 2
  }
  const { values, positionals } = parsed
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) {
    io.stderr.write(USAGE)
    return 2
  }
  if (values.url !== undefined && values.config !== undefined) {
    io.stderr.write('turnout explain: the gateway at --url has its own configuration; leave out --config\n')
    return 2
  }
  const key = values.key ?? (io.env['TURNOUT_KEY'] === '' ? undefined : io.env['TURNOUT_KEY'])
  try {
    const raw = await readRequest(file, io)
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
