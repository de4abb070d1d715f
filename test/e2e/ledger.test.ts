/** The ledger of a gateway in a process of its own: killed under load again and again, and read with the command. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { run } from '../cli/turnout.ts'
import { rowsIn } from '../ledger/opened.ts'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream } from '../support/chat.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { PROMPT_TOKENS, usageOf, WORDS } from '../support/openai-answers.ts'
import { gatewayFor } from '../support/rig.ts'

const KILLS = 5
const CALLERS = 8

/** What the upstream says of each of its answers. */
const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details } = usageOf(WORDS.length)
const { cached_tokens: cached_input } = prompt_tokens_details as { cached_tokens: number }
const TOLD = { input, cached_input, output, reasoning: 0 }

interface Load {
  /** Clock reading of the end of each answer, by the id of its request. */
  readonly ended: Map<string, number>
  readonly stop: () => Promise<void>
}

/** Callers that ask one thing after the other until the gateway is gone. */
function load(gateway: GatewayProcess, round: number): Load {
  const ended = new Map<string, number>()
  let stopping = false
  const caller = async (name: number): Promise<void> => {
    for (let turn = 0; !stopping; turn++) {
      const id = `round-${round}-caller-${name}-turn-${turn}`
      const body = JSON.stringify(turn % 2 === 0 ? chat() : chatStream({ stream_options: { include_usage: true } }))
      const headers = { 'content-type': 'application/json', 'x-request-id': id }
      try {
        const response = await fetch(gateway.url + CHAT_PATH, { method: 'POST', headers, body })
        await response.text()
        if (response.status === 200) ended.set(id, performance.now())
      } catch {
        return
      }
    }
  }
  const callers = Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name)))
  return {
    ended,
    stop: async () => {
      stopping = true
      await callers
    },
  }
}

t.test('kill -9 in a loop: what was answered a second before is there, and nothing is there twice', async (t) => {
  // Hundreds of answers each second; more would only take the cores from the other tests.
  const upstream = await startFaultUpstream({ plan: { headersAfter: 15 } })
  t.teardown(() => upstream.close())
  const folder = join(t.testdir({}), 'ledger')
  const price = { input_per_mtok_usd: 1, output_per_mtok_usd: 2 }
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'], price }],
    store: { ledger: folder },
  }
  const must = new Set<string>()
  for (let round = 0; round <= KILLS; round++) {
    const gateway = await startGatewayProcess(config)
    t.teardown(() => gateway.close())
    const { ended, stop } = load(gateway, round)
    const enough = performance.now() + 1300 + 170 * round
    await eventually(60_000, 'load', () => performance.now() > enough && ended.size > 50)
    if (round === KILLS) {
      await stop()
      gateway.signal('SIGTERM')
      t.equal(await gateway.exited, 0)
      for (const id of ended.keys()) must.add(id)
      continue
    }
    const killedAt = performance.now()
    gateway.signal('SIGKILL')
    await gateway.exited
    await stop()
    for (const [id, at] of ended) if (at < killedAt - 1000) must.add(id)
  }

  const rows = await rowsIn(folder)
  const requests = rows.filter(({ kind }) => kind === 'request')
  const attempts = rows.filter(({ kind }) => kind === 'attempt')
  const ids = new Set(requests.map((row) => row.request_id))
  t.comment(`${upstream.requests.length} asked upstream, ${must.size} must be there, ${requests.length} are`)
  t.ok(must.size > 100)
  t.strictSame(
    [...must].filter((id) => !ids.has(id)),
    [],
    'nothing is missing',
  )
  t.equal(ids.size, requests.length, 'no request twice')
  t.equal(new Set(attempts.map((row) => row.request_id)).size, attempts.length, 'no attempt twice')
  t.ok(requests.length <= upstream.requests.length)
  t.ok(rows.every(({ seq }, at) => at === 0 || seq > rows[at - 1]!.seq))
  t.equal(new Set(rows.map(({ writer }) => writer)).size, KILLS + 1)
  const whole = requests.filter(({ success }) => success)
  t.ok(whole.length >= must.size)
  t.strictSame([...new Set(whole.map(({ tokens }) => JSON.stringify(tokens)))], [JSON.stringify(TOLD)])
  const sum = (of: readonly LedgerRow[]): number =>
    of.reduce((tokens, row) => tokens + (row.tokens?.input ?? 0) + (row.tokens?.output ?? 0), 0)
  t.equal(sum(requests), sum(attempts))
})

t.test('no secret and no prompt gets into it', async (t) => {
  const canary = 'canary-7d20aa'
  const upstream = await startFaultUpstream({ models: ['tiny'] })
  t.teardown(() => upstream.close())
  const folder = join(t.testdir({}), 'ledger')
  const backend = { name: 'up', kind: 'openai-compatible', models: ['tiny'], key: `${canary}-backend` }
  const gateway = await gatewayFor(t, {
    backends: [{ ...backend, url: upstream.url }],
    keys: [{ id: 'k', hash: hashed(`${canary}-key`), labels: { team: 'blue' } }],
    store: { ledger: folder },
  })
  const ask = async (key: string, body: object): Promise<number> => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      cookie: `${canary}-cookie`,
      'x-api-key': `${canary}-x`,
      'x-other': `${canary}-header`,
    }
    const response = await fetch(gateway.url + CHAT_PATH, { method: 'POST', headers, body: JSON.stringify(body) })
    await response.text()
    return response.status
  }
  const prompt = { messages: [{ role: 'user', content: `${canary} prompt` }] }
  t.equal(await ask(`${canary}-key`, chat(prompt)), 200)
  upstream.next({ status: 500, body: { error: { message: `${canary} ${upstream.url}` } } })
  t.ok([200, 502].includes(await ask(`${canary}-key`, chat(prompt))))
  upstream.next({ words: [canary], finish: 'stop' })
  t.equal(await ask(`${canary}-key`, chat(prompt)), 200)
  t.equal(await ask('wrong', chat(prompt)), 401)
  t.equal(await ask(`${canary}-key`, chat({ ...prompt, model: 'nobody' })), 404)
  await gateway.close()
  const names = await readdir(folder)
  t.equal(names.length, 1)
  const text = await readFile(join(folder, names[0]!), 'utf8')
  t.notMatch(text, canary)
  t.notOk(text.includes(upstream.url) || text.includes(String(upstream.port)))
  const rows = await rowsIn(folder, { kind: 'request' })
  t.match(
    rows.map(({ status, labels }) => ({ status, labels })),
    [{ status: 200, labels: { team: 'blue' } }, {}, { status: 200 }, { status: 404 }],
    'who is not let in has no row',
  )
})

t.test('the command reads while the gateway writes', async (t) => {
  const cwd = t.testdir({})
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const gateway = await startGatewayProcess({
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    store: { ledger: join(cwd, 'data') },
  })
  t.teardown(() => gateway.close())
  const { ended, stop } = load(gateway, 0)
  await eventually(60_000, 'some answers', () => ended.size > 100)
  let rows: LedgerRow[] = []
  await eventually(60_000, 'rows', async () => {
    const { out, err, code } = await run(['ledger', '--since', '1h', '--kind', 'request', '--folder', 'data'], { cwd })
    t.strictSame([code, err], [0, ''])
    rows = out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LedgerRow)
    return rows.length > 100
  })
  t.equal(new Set(rows.map((row) => row.request_id)).size, rows.length)
  t.ok(rows.every(({ kind, tokens }) => kind === 'request' && tokens?.input === PROMPT_TOKENS))
  await stop()
})

t.test('a ledger that cannot be written stops nobody', async (t) => {
  const cwd = t.testdir({ data: 'a file where the folder should be' })
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    store: { ledger: join(cwd, 'data') },
  })
  const ask = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(gateway.url + CHAT_PATH, { method: 'POST', headers, body: JSON.stringify(chat()) })
    await response.text()
    return response.status
  }
  for (let turn = 0; turn < 20; turn++) t.equal(await ask(), 200)
  t.match(gateway.logged(), /"event":"ledger_away","folder":"[^"]*","why":"ENOTDIR"/)
  await rm(join(cwd, 'data'))
  await eventually(30_000, 'it catches up', async () => (await rowsIn(join(cwd, 'data')).catch(() => [])).length === 40)
  // The rows are there a moment before the gateway knows.
  await eventually(30_000, 'it says so', () => gateway.logged().includes('"event":"ledger_back"'))
})
