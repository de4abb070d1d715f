import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, readStream } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const REQUESTS = 5

/** A real Prometheus that scrapes the gateway each second; ended with the test. */
async function startPrometheus(test: Test, target: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-prometheus-'))
  const port = await freePort()
  const config = `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: turnout, static_configs: [{ targets: ['${target}'] }] }]\n`
  await writeFile(join(folder, 'prometheus.yml'), config)
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  test.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  })
  return `http://127.0.0.1:${port}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

async function query(prometheus: string, expression: string): Promise<readonly Sample[]> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const { data } = (await response.json()) as { data: { result: readonly Sample[] } }
  return data.result
}

t.test('a real Prometheus reads the metrics', { skip: missing('prometheus') }, async (t) => {
  const { gateway } = await singleRig(t)
  for (let sent = 0; sent < REQUESTS; sent++) {
    await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    await (await rawPost(gateway.url, CHAT_PATH, chat())).json()
  }

  await t.test('promtool finds nothing to say about them', async (t) => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    t.equal(lint.error, undefined)
    t.equal(lint.stderr + lint.stdout, '')
    t.equal(lint.status, 0)
  })

  await t.test('what it has scraped is what was sent', async (t) => {
    const prometheus = await startPrometheus(t, `127.0.0.1:${gateway.port}`)
    await eventually(20_000, 'the requests in Prometheus', async () => {
      const found = await query(prometheus, 'sum(turnout_requests_total{status="200"})').catch(() => [])
      return found[0]?.value[1] === String(REQUESTS * 2)
    })
    t.equal((await query(prometheus, 'up{job="turnout"}'))[0]?.value[1], '1')
    const ttft = await query(prometheus, 'sum(turnout_time_to_first_token_seconds_count)')
    t.equal(ttft[0]?.value[1], String(REQUESTS), 'one for each stream')
    const states = await query(prometheus, 'sum by (state) (turnout_backend_state) == 1')
    t.strictSame(
      states.map(({ metric }) => metric['state']),
      ['ready'],
    )
  })
})
