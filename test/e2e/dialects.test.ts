/**
 * The one table of endpoints, walked: the same question at every path that answers a chat, before backends of every wire format. What it
 * took, what it came to and what is thought of it are the same numbers, and keys, limits and budgets hold alike.
 */
import { join } from 'node:path'
import t from 'tap'
import { CHAT, ENDPOINTS } from '../../src/core/endpoints.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { run } from '../cli/turnout.ts'
import { PROVIDERS } from '../config/load.ts'
import { eventually, within } from '../support/await.ts'
import { askIn, dialectOf, waysOf } from '../support/dialects.ts'
import type { Script } from '../support/format-answers.ts'
import { backendIn, BACKEND_FORMATS, formatRig, KINDS } from '../support/format-rig.ts'
import { HELLO, type Play, startFormatUpstream } from '../support/format-upstream.ts'
import { hashed, startGateway } from '../support/gateway.ts'

const CHATS = ENDPOINTS.filter(({ served, asks, counts }) => served && asks === 'chat' && counts === null)

const WITH_CACHE: Script = { ...HELLO, tokens: { input: 1_000, cached: 900, output: 40, reasoning: 0 } }
const MANY_WORDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const PLAYS: Readonly<Record<string, Play>> = {
  'a good answer': { script: WITH_CACHE },
  'a cut one': { script: { ...WITH_CACHE, finish: 'length' } },
  'an empty one': { script: { words: [], finish: 'stop', tokens: { input: 7, cached: 0, output: 1, reasoning: 0 } } },
  'a refusal to answer': { script: HELLO, refuse: { status: 400, message: 'that cannot be done' } },
  overload: { script: HELLO, refuse: { status: 503, message: 'overloaded' } },
}
/** Of streams, behind four events: enough of an answer that it cannot be asked for elsewhere. */
const FAULTS: Readonly<Record<string, Play>> = {
  'an error in the middle': { script: { ...HELLO, words: MANY_WORDS }, fault: { after: 7, how: 'error' } },
  'a reset in the middle': { script: { ...HELLO, words: MANY_WORDS }, fault: { after: 7, how: 'reset' } },
  'an early end': { script: { ...HELLO, words: MANY_WORDS }, fault: { after: 7, how: 'end' } },
}

/** Whose requests they are. */
const WHOSE = { 'x-turnout-session': 's-1', 'x-turnout-agent': 'a-1' }

/** What is counted of a request, whatever it was asked in. */
const counted = ({
  tokens,
  cost,
  partial,
  waste,
  success,
  why,
  finish,
  answered,
  calls,
  error,
  backend,
}: RequestRecord): object => ({
  ...{ tokens, cost, partial, success, why, finish, answered, calls, error, backend },
  waste: waste.map(({ reason, tokens: wasted }) => [reason, wasted]),
})

/** What differs between two requests that are alike: when they came, who asked in which dialect, and how long it took. */
const OWN = new Set(['at', 'seq', 'writer', 'request_id', 'endpoint', 'total_ms', 'overhead_ms', 'decision', 'lossy'])

/** What the ledger says of a request and its attempts, as the command prints it. */
const told = (rows: readonly LedgerRow[]): object[] =>
  rows.map((row) => ({
    ...Object.fromEntries(Object.entries(row).filter(([name]) => !OWN.has(name))),
    ttft_ms: row.ttft_ms !== null,
  }))

t.test('tokens, cost, waste, verdict and rows of the ledger are the same in every dialect', async (t) => {
  const upstream = await startFormatUpstream()
  t.teardown(() => upstream.close())
  const cwd = t.testdir({})
  const asked: { readonly id: string; readonly like: string; readonly what: string }[] = []
  const records: RequestRecord[] = []
  const price = { input_per_mtok_usd: 3, output_per_mtok_usd: 15, cached_input_per_mtok_usd: 0.3 }
  const gateway = await startGateway(
    {
      backends: BACKEND_FORMATS.map((format) => backendIn(format, upstream.url, { price })),
      limits: { attempts: 1 },
      keys: [{ id: 'ann', hash: hashed('sk-ann'), team: 'red', labels: { cost_centre: '7' } }],
      store: { ledger: join(cwd, 'data') },
    },
    [{ readsDecisions: 'none', onCompleted: (record) => void records.push(record) }],
  )
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => (closing ??= gateway.close())
  t.teardown(close)
  const recordOf = async (n: number): Promise<RequestRecord> => {
    await eventually(5_000, 'the record', () => records.length >= n)
    return records[n - 1]!
  }
  for (const format of BACKEND_FORMATS)
    for (const stream of [false, true])
      for (const [name, play] of Object.entries(stream ? { ...PLAYS, ...FAULTS } : PLAYS)) {
        const inChat: object[] = []
        for (const endpoint of CHATS.filter((one) => waysOf(one).includes(stream))) {
          const before = records.length
          upstream.always(play)
          const id = `r${before}`
          const headers = { authorization: 'Bearer sk-ann', 'x-request-id': id, ...WHOSE }
          const answer = await askIn(endpoint, gateway.url, { model: `${format}/parrot`, stream, headers })
          const text = await answer.text()
          const record = await recordOf(before + 1)
          const what = `${name}, ${stream ? 'streamed' : 'whole'}, ${endpoint.id} by ${format}`
          if (endpoint === CHAT) inChat.push(counted(record))
          t.strictSame(counted(record), inChat[0], what)
          t.equal(record.endpoint, endpoint.id)
          asked.push({
            id,
            like: endpoint === CHAT ? id : asked.findLast(({ like, id: own }) => like === own)!.id,
            what,
          })
          const { broken, whole } = dialectOf(endpoint)
          if (stream && name in FAULTS) t.match(text, broken, `${what}: its protocol has an end for it`)
          if (stream && name === 'a good answer') t.match(text, whole, `${what}: its protocol has an end for it`)
        }
      }
  t.ok(records.some(({ cost }) => cost !== null))
  for (const kind of ['input', 'output'] as const) {
    const tokens = records.reduce((sum, one) => sum + (one.tokens?.[kind] ?? 0), 0)
    t.ok(tokens > 0)
    t.equal(await gateway.settled('turnout_tokens_total', { kind }, tokens), tokens, `metrics count the same: ${kind}`)
  }
  t.equal(await gateway.settled('turnout_requests_total', {}, records.length), records.length)
  await close()
  const { out, err, code } = await run(['ledger', '--folder', 'data'], { cwd })
  t.strictSame([code, err], [0, ''])
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerRow)
  const rowsOf = (of: string): LedgerRow[] => rows.filter(({ request_id }) => request_id === of)
  for (const { id, like, what } of asked) {
    // Clients of Messages know overload by another status.
    const own = rowsOf(id).map((row) => (row.status === 529 ? { ...row, status: 503 } : row))
    t.strictSame(told(own), told(rowsOf(like)), `${what}: its rows`)
    t.match(
      own.find(({ kind }) => kind === 'request'),
      { kind: 'request', key: 'ann', team: 'red', session: 's-1', agent: 'a-1' },
      what,
    )
    t.equal(own.length, 2, `${what}: a request and its attempt`)
  }
  t.ok(new Set(rows.map(({ endpoint }) => endpoint)).size === CHATS.length, 'of every endpoint')
})

t.test('who fails is asked for elsewhere, in every dialect', async (t) => {
  for (const format of BACKEND_FORMATS) {
    const [bad, good] = [await startFormatUpstream(), await startFormatUpstream()]
    t.teardown(() => Promise.all([bad.close(), good.close()]).then(() => undefined))
    bad.always({ script: HELLO, refuse: { status: 503, message: 'overloaded' } })
    const gateway = await startGateway({
      backends: [
        { ...backendIn(format, bad.url), name: 'bad' },
        { ...backendIn(format, good.url), name: 'good' },
      ],
      routes: [{ name: 'pair', candidates: ['bad/*', 'good/*'], strategy: 'ordered' }],
    })
    t.teardown(() => gateway.close())
    for (const endpoint of CHATS)
      for (const stream of waysOf(endpoint)) {
        const answer = await askIn(endpoint, gateway.url, { model: 'pair', stream })
        t.equal(answer.status, 200, `${endpoint.id}, ${stream ? 'streamed' : 'whole'}, by ${format}`)
        t.match(await answer.text(), /day/)
      }
    t.equal(good.heard.length, CHATS.flatMap(waysOf).length)
  }
})

t.test('no path is open without a key, and limits and budgets hold on each', async (t) => {
  const keys = ['any', 'slow', 'poor'].map((id) => ({
    id,
    hash: hashed(`sk-${id}`),
    ...(id === 'slow' ? { rpm: 1 } : {}),
  }))
  for (const endpoint of CHATS) {
    const budgets = [{ name: 'one', of: 'key', ids: ['poor'], per: 'day', requests: 1 }]
    const { gateway, upstream } = await formatRig(t, { keys, budgets })
    const ask = async (key: string | null): Promise<number> => {
      const headers = key === null ? {} : { authorization: `Bearer sk-${key}` }
      const answer = await askIn(endpoint, gateway.url, {
        model: 'openai-chat/parrot',
        stream: waysOf(endpoint)[0]!,
        headers,
      })
      await answer.text()
      return answer.status
    }
    t.equal(await ask(null), 401, `${endpoint.id}: without a key`)
    t.equal(await ask('wrong'), 401, `${endpoint.id}: with a wrong one`)
    t.equal(await ask('any'), 200)
    t.equal(await ask('slow'), 200)
    t.equal(await ask('slow'), 429, `${endpoint.id}: the limit`)
    t.equal(await ask('poor'), 200)
    t.equal(await ask('poor'), 429, `${endpoint.id}: the budget`)
    t.equal(upstream.heard.length, 3, `${endpoint.id}: no backend hears of what is refused`)
    await gateway.close()
  }
})

t.test('every path that is served asks for a key, whatever it is for', async (t) => {
  const { gateway, upstream } = await formatRig(t, { keys: [{ id: 'any', hash: hashed('sk-any') }] })
  const served = ENDPOINTS.filter((endpoint) => endpoint.served)
  for (const { id, path } of served) {
    const url = gateway.url + path.replace('*', 'parrot')
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    t.equal((await fetch(url, post)).status, 401, id)
  }
  t.ok(served.length > CHATS.length)
  t.equal(upstream.heard.length, 0)
})

t.test('a place among requests at once is free again after every end, in every dialect', async (t) => {
  const budgets = [{ name: 'one', of: 'gateway', per: 'day', parallel: 1 }]
  const ends: Readonly<Record<string, Play>> = {
    success: { script: HELLO },
    refusal: { script: HELLO, refuse: { status: 400, message: 'that cannot be done' } },
    error: { script: HELLO, fault: { after: 4, how: 'error' } },
    reset: { script: HELLO, fault: { after: 4, how: 'reset' } },
  }
  for (const format of BACKEND_FORMATS) {
    const { gateway, upstream } = await formatRig(t, { budgets, limits: { attempts: 1 } })
    for (const endpoint of CHATS) {
      const stream = waysOf(endpoint).includes(true)
      const model = `${format}/parrot`
      for (const [name, play] of Object.entries(ends)) {
        upstream.next(play)
        const answer = await askIn(endpoint, gateway.url, { model, stream })
        await answer.text()
        t.not(answer.status, 429, `${endpoint.id} by ${format}: before ${name}`)
      }
      upstream.next({ script: { ...HELLO, words: MANY_WORDS }, fault: { after: 6, how: 'silent' } })
      const leaving = new AbortController()
      const answer = askIn(endpoint, gateway.url, { model, stream, signal: leaving.signal }).then((one) => one.text())
      const heard = upstream.heard.length + 1
      await eventually(5_000, 'the call', () => upstream.heard.length >= heard)
      leaving.abort()
      await t.rejects(answer)
      t.equal(await within(5_000, 'the call ends', upstream.last().left), true, `${endpoint.id} by ${format}: left`)
      let status = 429
      await eventually(5_000, 'a free place', async () => {
        const next = await askIn(endpoint, gateway.url, { model, stream: false })
        await next.text()
        status = next.status
        return status !== 429
      })
      t.equal(status, 200, `${endpoint.id} by ${format}: free after it left`)
    }
    await gateway.close()
  }
})

t.test('what a caller says in its headers reaches no backend of another kind', async (t) => {
  const { gateway, upstream } = await formatRig(t, {})
  const CANARY = 'canary-7f'
  const names = [
    ...['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie', 'proxy-authorization', 'x-forwarded-for'],
    ...['anthropic-beta', 'openai-beta', 'openai-organization', 'openai-project', 'x-goog-user-project', 'user-agent'],
    ...['anthropic-workspace-id', 'x-stainless-lang', 'x-claude-code-session-id', 'session_id', 'x-app', 'referer'],
    ...['x-anything', 'x-request-id', 'idempotency-key', 'x-amz-security-token', 'x-ms-client-request-id'],
  ]
  const headers = Object.fromEntries(names.map((name) => [name, `${CANARY}.${name}`]))
  for (const endpoint of CHATS)
    for (const format of BACKEND_FORMATS) {
      const stream = waysOf(endpoint)[0]!
      await (await askIn(endpoint, gateway.url, { model: `${format}/parrot`, stream, headers })).text()
      const told = Object.values(upstream.last().headers).flatMap(
        (said) => String(said).match(/canary-7f\.[a-z_-]+/g) ?? [],
      )
      // The id of a request is the caller's, on purpose.
      const may = ['x-request-id', ...PROVIDERS.get(KINDS[format])!.forward.filter((name) => names.includes(name))]
      t.strictSame(told.sort(), may.map((name) => `${CANARY}.${name}`).sort(), `${endpoint.id} to ${format}`)
    }
  t.notMatch(JSON.stringify(upstream.heard.map(({ body, url }) => [body, url])), CANARY, 'nor in a body or a path')
})
