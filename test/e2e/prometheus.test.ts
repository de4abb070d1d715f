import { spawnSync } from 'node:child_process'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, readStream } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import { failing } from '../support/fault-plan.ts'
import { query, startPrometheus } from '../support/prometheus.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const REQUESTS = 5

/** Ids of requests that Prometheus keeps for the series of a metric. */
async function exemplars(prometheus: string, metric: string): Promise<string[]> {
  const range = `start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 600}`
  const response = await fetch(`${prometheus}/api/v1/query_exemplars?query=${metric}&${range}`)
  const { data } = (await response.json()) as {
    data: readonly { exemplars: readonly { labels: { request_id: string } }[] }[]
  }
  return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.request_id))
}

const OPENMETRICS = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' }

t.test('a real Prometheus reads the metrics', { skip: missing('prometheus') }, async (t) => {
  const price = { input_per_mtok_usd: 3, output_per_mtok_usd: 15 }
  const { gateway } = await singleRig(t, {}, { backend: { price } })
  const long = 'x'.repeat(128)
  for (let sent = 0; sent < REQUESTS; sent++) {
    await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(), { 'x-request-id': `stream-${sent}` }))
    await (await rawPost(gateway.url, CHAT_PATH, chat(), { 'x-request-id': long })).json()
  }
  const scrape = async (headers: Record<string, string>) => {
    const response = await fetch(`${gateway.url}/metrics`, { headers })
    return { type: response.headers.get('content-type'), text: await response.text() }
  }

  await t.test('promtool finds nothing to say about them', async (t) => {
    const { text } = await scrape({})
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    t.equal(lint.error, undefined)
    t.equal(lint.stderr + lint.stdout, '')
    t.equal(lint.status, 0)
  })

  await t.test('scrapes of both formats at once get what each asked for', async (t) => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => scrape(at % 2 === 0 ? {} : OPENMETRICS)))
    for (const [at, { type, text }] of all.entries()) {
      const open = at % 2 === 1
      t.match(type, open ? /^application\/openmetrics-text; version=1/ : /^text\/plain; version=0\.0\.4/)
      t.match(text, open ? /^# TYPE turnout_requests counter$/m : /^# TYPE turnout_requests_total counter$/m)
      t.equal(text.endsWith('\n# EOF\n'), open)
      t.equal(text.includes('request_id='), open)
    }
  })

  await t.test('what it has scraped is what was sent', async (t) => {
    const { url: prometheus, said } = await startPrometheus(t, `127.0.0.1:${gateway.port}`)
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
    t.match(await exemplars(prometheus, 'turnout_time_to_first_token_seconds_bucket'), [/^stream-\d$/])
    t.equal((await exemplars(prometheus, 'turnout_cost_usd_total')).length, 1)
    const cut = (await exemplars(prometheus, 'turnout_request_duration_seconds_bucket')).find((id) =>
      id.startsWith('x'),
    )
    t.equal(cut, long.slice(0, 118), 'an id as long as an exemplar may be')
    t.notMatch(said(), /exemplar|Append failed|error/i)
  })
})

t.test('a backend that rests can be seen', async (t) => {
  const { gateway } = await singleRig(t, { plan: failing(500) }, { limits: { attempts: 1 } })
  const open = (): Promise<number> => gateway.metric('turnout_breaker_open', { backend: 'up' })
  t.equal(await open(), 0)
  await (await rawPost(gateway.url, CHAT_PATH, chat())).json()
  t.equal(await gateway.settled('turnout_breaker_open', { backend: 'up' }, 1), 1)
  const { backends } = (await (await fetch(`${gateway.url}/health`)).json()) as { backends: { resting_ms: number }[] }
  t.ok(backends[0]!.resting_ms > 0)
})
