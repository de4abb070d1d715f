/** Whether Turnout did the work that it was measured with: counted each request and token, logged each line, and turned strangers away. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Running } from './contenders.ts'

/** What Turnout says it did. */
export interface Proof {
  readonly requests: number
  readonly output_tokens: number
  readonly log_lines: number
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

/** Ends the gateway and compares its books with ours. Throws where they differ. */
export async function prove(turnout: Running, sent: { requests: number; outputTokens: number }): Promise<Proof> {
  const root = `http://127.0.0.1:${turnout.port}`
  const stranger = await fetch(`${root}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer no-such-key' },
    body: '{}',
  })
  if (stranger.status !== 401) throw new Error(`turnout answered a stranger with ${stranger.status}`)
  const metrics = await (await fetch(`${root}/metrics`)).text()
  const requests = sumOf(metrics, 'turnout_requests_total', 'status="200"')
  const outputTokens = sumOf(metrics, 'turnout_tokens_total', 'kind="output"')
  await turnout.close()
  const logged = turnout.log === null ? 0 : await requestLines(turnout.log)
  const books = `${requests} requests, ${outputTokens} output tokens, ${logged} log lines`
  if (requests !== sent.requests || outputTokens !== sent.outputTokens || logged < sent.requests)
    throw new Error(`turnout counted ${books}; sent were ${sent.requests} requests for ${sent.outputTokens} tokens`)
  return { requests, output_tokens: outputTokens, log_lines: logged }
}
