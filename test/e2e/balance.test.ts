/** How engines share the work over real sockets: simulated ones with slots and a line before them. */
import t, { type Test } from 'tap'
import { CHAT_PATH } from '../support/chat.ts'
import { gatewayFor } from '../support/rig.ts'
import { SlotEngine } from '../support/slot-engine.ts'
import { median } from '../support/simulation.ts'

t.setTimeout(180_000)

interface Load {
  readonly parallel: number
  readonly requests: number
  readonly model: string
  readonly stream?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

interface Seen {
  readonly served: readonly number[]
  /** Share of the requests that waited in line while another engine had a free slot. */
  readonly idled: number
  readonly ttft: number
}

interface Place {
  readonly engines: readonly SlotEngine[]
  readonly run: (load: Load) => Promise<Seen>
}

/** Backends a, b, c with so many slots; `backend` goes to their entries. */
async function place(
  test: Test,
  slots: readonly number[],
  backend: readonly object[] = [],
  { routes = [], tokens = 10 }: { routes?: readonly object[]; tokens?: number } = {},
): Promise<Place> {
  const engines = await Promise.all(slots.map((of) => new SlotEngine({ slots: of, tokens }).listen()))
  for (const engine of engines) engine.others = engines.filter((one) => one !== engine)
  const backends = engines.map(({ url }, at) => ({
    name: 'abcdef'[at],
    kind: 'openai-compatible',
    url,
    models: ['tiny'],
    ...backend[at],
  }))
  const gateway = await gatewayFor(test, { backends, routes })
  test.teardown(() => Promise.all(engines.map((engine) => engine.close())))
  return { engines, run: (load) => run(gateway.url, engines, load) }
}

async function run(
  url: string,
  engines: readonly SlotEngine[],
  { parallel, requests, model, stream = true, headers = {} }: Load,
): Promise<Seen> {
  for (const engine of engines) engine.served = engine.idled = 0
  const ttfts: number[] = []
  let left = requests
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const sentAt = performance.now()
      const body = JSON.stringify({
        model,
        stream,
        messages: [{ role: 'user', content: `Question ${left}: which river?` }],
      })
      const response = await fetch(url + CHAT_PATH, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      })
      if (response.status !== 200) throw new Error(await response.text())
      const reader = response.body!.getReader()
      await reader.read()
      ttfts.push(performance.now() - sentAt)
      while (!(await reader.read()).done);
    }
  }
  await Promise.all(Array.from({ length: parallel }, caller))
  const served = engines.map((engine) => engine.served)
  return { served, idled: engines.reduce((sum, { idled }) => sum + idled, 0) / requests, ttft: median(ttfts) }
}

const HOURLY = { price: { per_gpu_hour_usd: 1.2 } }
const share = ({ served }: Seen, at: number): number => served[at]! / served.reduce((sum, one) => sum + one, 0)

for (const price of [{}, HOURLY])
  for (const model of ['tiny', 'auto']) {
    const name = `${model} ${price === HOURLY ? 'with a price by the hour' : 'without a price'}`
    t.test(`two equal engines share the streams equally, cold and warm: ${name}`, async (t) => {
      for (const parallel of [8, 16, 24]) {
        const { run } = await place(t, [8, 8], [price, price])
        for (const when of ['cold', 'warm']) {
          const seen = await run({ parallel, requests: 5 * parallel, model })
          const what = `${parallel} at a time, ${when}: ${seen.served.join(' and ')}, TTFT ${seen.ttft.toFixed(0)} ms, ${seen.idled} in vain`
          t.ok(share(seen, 0) >= 0.45 && share(seen, 0) <= 0.55, what)
          t.ok(seen.idled <= 0.1, what)
          t.comment(what)
        }
      }
    })
    t.test(`one with half the slots gets about half as much, cold and warm: ${name}`, async (t) => {
      const small = model === 'tiny' ? 1 : 0
      const { run } = await place(t, small === 1 ? [8, 4] : [4, 8], [price, price])
      for (const when of ['cold', 'warm']) {
        const seen = await run({ parallel: 16, requests: 112, model })
        const what = `${when}: ${seen.served.join(' and ')}, ${seen.idled} in vain`
        t.ok(share(seen, small) >= 0.27 && share(seen, small) <= 0.41, what)
        t.ok(seen.idled <= (when === 'cold' ? 0.25 : 0.15), what)
        t.comment(what)
      }
    })
  }

t.test('whole answers are shared equally too', async (t) => {
  const { run } = await place(t, [8, 8])
  for (const model of ['tiny', 'auto']) {
    const seen = await run({ parallel: 16, requests: 96, model, stream: false })
    t.ok(share(seen, 0) >= 0.45 && share(seen, 0) <= 0.55, seen.served.join(' and '))
  }
})

t.test('strategies without scoring, by header, for a model and for a route', async (t) => {
  const routes = [{ name: 'r', candidates: ['*'] }]
  const { run, engines } = await place(t, [64, 64, 64], [{ weight: 1 }, { weight: 2 }, { weight: 3 }], {
    routes,
    tokens: 2,
  })
  const by = (strategy: string, more: Readonly<Record<string, string>> = {}) => ({
    'x-turnout-strategy': strategy,
    ...more,
  })
  for (const model of ['tiny', 'r', 'auto']) {
    const load = { parallel: 6, requests: 36, model }
    t.strictSame((await run({ ...load, headers: by('round_robin') })).served, [12, 12, 12], `${model} round_robin`)
    const weighted = (await run({ ...load, headers: by('weighted') })).served
    t.strictSame(weighted, [6, 12, 18], `${model} weighted`)
    const busy = await run({ ...load, headers: by('least_busy') })
    for (const at of [0, 1, 2])
      t.ok(Math.abs(share(busy, at) - (at + 1) / 6) < 0.12, `${model} least_busy: ${busy.served.join(' ')}`)
    const places = new Set<number>()
    for (const session of ['one', 'two', 'three', 'four', 'five', 'six']) {
      await run({ ...load, requests: 6, headers: by('hash', { 'x-turnout-session': session }) })
      const used = engines.flatMap(({ served }, at) => (served > 0 ? [at] : []))
      t.equal(used.length, 1, `${model} hash: a session has one place`)
      places.add(used[0]!)
    }
    t.ok(places.size > 1, 'sessions have several places')
  }
})

t.test('a weight shifts the share of what is scored, and 0 drains', async (t) => {
  const { run } = await place(t, [64, 64, 64], [{ weight: 1 }, { weight: 3 }, { weight: 0 }], { tokens: 2 })
  for (const model of ['tiny', 'auto'])
    for (const parallel of [1, 8]) {
      const seen = await run({ parallel, requests: 32, model })
      t.equal(seen.served[2], 0, `${model}: nothing new comes to the drained one`)
      t.ok(Math.abs(share(seen, 1) - 0.75) < 0.1, `${model}, ${parallel} at a time: ${seen.served.join(' ')}`)
    }
})
