/**
 * An engine as a program of its own, for tests of how engines are started and ended: an HTTP server with one model that answers with its
 * name. Its one argument is what it does, as JSON: `Program`.
 */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly port: number
  readonly model?: string
  /** Until it has loaded its model: 503 before that. */
  readonly loadMs?: number
  /** Where this file is not there yet, which it writes, it loads in no time. */
  readonly quickOnce?: string
  /** Until its answer of a chat begins. */
  readonly answerMs?: number
  /** It ends by itself, with this code, before it listens. */
  readonly exits?: number
  /** It ends by itself when it is asked for a chat. */
  readonly crashes?: boolean
  /** SIGTERM does not end it. */
  readonly stubborn?: boolean
  /** It has a child, which would outlive it. */
  readonly forks?: boolean
  /** Lines that it prints at its start, on standard error. */
  readonly says?: readonly string[]
  /** A line that it prints for each chat. */
  readonly echoes?: boolean
}

/** The command that runs it. */
export const engineCommand = (program: Program): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL('./engine-program.js', import.meta.url)),
  JSON.stringify(program),
]

function run({
  port,
  model = 'tiny',
  loadMs = 0,
  quickOnce,
  answerMs = 0,
  exits,
  crashes,
  stubborn,
  forks,
  says = [],
  echoes,
}: Program): void {
  for (const line of says) process.stderr.write(`${line}\n`)
  if (exits !== undefined) return void process.exit(exits)
  if (stubborn === true) process.on('SIGTERM', () => undefined)
  if (forks === true) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
    process.stdout.write(`child ${child.pid}\n`)
  }
  const quick = quickOnce !== undefined && !existsSync(quickOnce)
  if (quick) writeFileSync(quickOnce, '')
  const readyAt = performance.now() + (quick ? 0 : loadMs)
  createServer((request, response) => {
    if (performance.now() < readyAt) return send(response, 503, { error: { message: 'Loading model', code: 503 } })
    if (request.method === 'GET') return send(response, 200, { object: 'list', data: [{ id: model, object: 'model' }] })
    if (crashes === true) process.exit(1)
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      if (echoes === true) process.stdout.write(`prompt: ${body}\n`)
      const message = { role: 'assistant', content: `${model} ${process.pid}` }
      const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
      const choices = [{ index: 0, finish_reason: 'stop', message }]
      setTimeout(() => send(response, 200, { id: 'x', object: 'chat.completion', model, choices, usage }), answerMs)
    })
  }).listen(port, '127.0.0.1')
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(JSON.parse(process.argv[2] ?? '{}') as Program)
