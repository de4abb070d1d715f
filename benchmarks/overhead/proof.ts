/** Whether Turnout did the work that it was measured with: counted each request and token, logged each line, and turned strangers away. */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Entrant } from './bench.ts'
import type { Books } from './contenders.ts'

/** What Turnout says it did. */
export interface Proof {
  readonly requests: number
  readonly output_tokens: number
  readonly log_lines: number
  /** Null where there is no ledger. */
  readonly ledger_rows: number | null
}

/** The sum of a metric's samples whose labels hold `label`. */
export function sumOf(text: string, name: string, label: string): number {
  let sum = 0
  for (const line of text.split('\n'))
    if (line.startsWith(`${name}{`) && line.includes(label)) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  return sum
}

/** Lines of finished requests. */
async function requestLines(file: string): Promise<number> {
  let count = 0
  for await (const line of createInterface({ input: createReadStream(file) })) if (line.includes('"bytes_out"')) count++
  return count
}

interface LedgerRow {
  readonly status: number
  readonly tokens: { readonly output: number } | null
}

/** Rows of requests that were answered, and their output tokens, as the command of that build reads them. */
async function ledgerOf({ command, config }: Books): Promise<{ rows: number; outputTokens: number }> {
  const args = [command, 'ledger', '--kind', 'request', '--config', config]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const sum = { rows: 0, outputTokens: 0 }
  for await (const line of createInterface({ input: child.stdout })) {
    const { status, tokens } = JSON.parse(line) as LedgerRow
    if (status !== 200) continue
    sum.rows++
    sum.outputTokens += tokens?.output ?? 0
  }
  return sum
}

/** Ends the gateway and compares its books with ours. Throws where they differ. */
export async function prove({ running, sent }: Entrant, books: Books): Promise<Proof> {
  const { name, port } = running
  const root = `http://127.0.0.1:${port}`
  const stranger = await fetch(`${root}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer no-such-key' },
    body: '{}',
  })
  if (stranger.status !== 401) throw new Error(`${name} answered a stranger with ${stranger.status}`)
  const metrics = await (await fetch(`${root}/metrics`)).text()
  const requests = sumOf(metrics, 'turnout_requests_total', 'status="200"')
  const outputTokens = sumOf(metrics, 'turnout_tokens_total', 'kind="output"')
  await running.close()
  const logged = await requestLines(books.log)
  const ledger = books.ledger ? await ledgerOf(books) : null
  const said = `${requests} requests, ${outputTokens} output tokens, ${logged} log lines, ledger ${JSON.stringify(ledger)}`
  const agree =
    requests === sent.requests &&
    outputTokens === sent.outputTokens &&
    logged >= sent.requests &&
    (ledger === null || (ledger.rows === sent.requests && ledger.outputTokens === sent.outputTokens))
  if (!agree)
    throw new Error(`${name} counted ${said}; sent were ${sent.requests} requests for ${sent.outputTokens} tokens`)
  return { requests, output_tokens: outputTokens, log_lines: logged, ledger_rows: ledger?.rows ?? null }
}
