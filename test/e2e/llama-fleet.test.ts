/** Several llama.cpp servers behind one name, for real: how they share the work, one that dies, and prompts that go to where they are kept. */
import t, { type Test } from 'tap'
import { eventually, letPass } from '../support/await.ts'
import { CHAT_PATH } from '../support/chat.ts'
import { type Engine, freePort, missing, startLlama } from '../support/engines.ts'
import { gatewayFor } from '../support/rig.ts'
import { noMaker, type Shape, TinyModels } from '../support/tiny-models.ts'

t.setTimeout(400_000)

const skip = missing('llama') || noMaker
const test = (name: string, run: (t: Test) => Promise<void>): void => void t.test(name, { skip }, run)
const CONTEXT = 8192
/** One thread each and two places, as there are few cores. Nothing is kept beside the places, so that what is cached is where it was asked. */
const ARGS = ['-c', String(CONTEXT), '-np', '2', '-t', '1', '-tb', '1', '--cache-ram', '0']
const DISCOVERY = { interval: '300ms', poll: '100ms' }
const QUICK: Shape = { layers: 3, width: 512 }
const SLOW: Shape = { layers: 6, width: 512 }
/** More than the engines have places. */
const CALLERS = 8
/** By how much what an engine can do may change while it is measured. */
const STEADY = 0.07

interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

interface Seen {
  readonly status: number
  readonly backend: string
  readonly text: string
  readonly prompt: number
  readonly cached: number
  readonly output: number
}

interface Answer {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number }
  readonly timings: { readonly cache_n: number }
}

interface Fleet {
  readonly engines: Map<string, Engine>
  readonly url: string
  readonly restart: (name: string) => Promise<void>
}

/** Servers a, b, .. of these shapes, each a backend of one gateway. */
async function fleet(test: Test, shapes: readonly Shape[]): Promise<Fleet> {
  const models = new TinyModels()
  const engines = new Map<string, Engine>()
  test.teardown(async () => {
    await Promise.all([...engines.values()].map((engine) => engine.stop()))
    await models.remove()
  })
  const places = new Map<string, { readonly port: number; readonly model: string }>()
  const start = async (name: string): Promise<void> =>
    void engines.set(name, await startLlama(ARGS, [], places.get(name)))
  for (const [at, shape] of shapes.entries()) {
    const name = 'abc'[at]!
    places.set(name, { port: await freePort(), model: await models.make(shape) })
    await start(name)
  }
  const backends = [...engines].map(([name, { url }]) => ({ name, kind: 'llamacpp', url }))
  const { url } = await gatewayFor(test, { backends, discovery: DISCOVERY })
  return { engines, url, restart: start }
}

/** One whole answer of so many tokens. */
async function ask(
  url: string,
  messages: readonly Message[],
  tokens: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const response = await fetch(url + CHAT_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'tiny', messages, max_tokens: tokens, ignore_eos: true }),
  })
  const body = await response.text()
  const backend = response.headers.get('x-turnout-backend') ?? ''
  if (response.status !== 200) return { status: response.status, backend, text: body, prompt: 0, cached: 0, output: 0 }
  const { choices, usage, timings } = JSON.parse(body) as Answer
  return {
    status: 200,
    backend,
    text: choices[0]!.message.content,
    prompt: usage.prompt_tokens,
    cached: timings.cache_n,
    output: usage.completion_tokens,
  }
}

const ANSWER = 24
let asked = 0
const question = (): readonly Message[] => [{ role: 'user', content: `${asked++}: where does the river run?` }]

/** Callers that ask again as soon as they are answered, until `done`; what they saw by then, in `all`. */
async function callers(url: string, count: number, done: () => boolean, all: Seen[] = []): Promise<readonly Seen[]> {
  const caller = async (): Promise<void> => {
    while (!done()) {
      const seen = await ask(url, question(), ANSWER)
      if (!done()) all.push(seen)
    }
  }
  await Promise.all(Array.from({ length: count }, caller))
  return all
}

const after = (ms: number): (() => boolean) => {
  const until = performance.now() + ms
  return () => performance.now() >= until
}

/** Share of the moments until `done` in which each engine had nothing to do, as it says itself. */
async function idleness({ engines }: Fleet, done: () => boolean): Promise<readonly number[]> {
  const watch = async ({ url }: Engine): Promise<number> => {
    let looks = 0
    let idle = 0
    while (!done()) {
      const slots = (await (await fetch(`${url}/slots`)).json()) as readonly { readonly is_processing: boolean }[]
      looks++
      if (!slots.some(({ is_processing }) => is_processing)) idle++
      await letPass(50, 'an engine is looked at now and then')
    }
    return idle / looks
  }
  return Promise.all([...engines.values()].map(watch))
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

const sum = (list: readonly number[]): number => list.reduce((one, other) => one + other, 0)

const shareOf = (all: readonly Seen[], name: string): number =>
  all.filter(({ backend }) => backend === name).length / all.length

/** Of all that the engines can answer together, the share of each: asked by itself, but all at the same time, since they share the cores. */
async function speeds({ engines }: Fleet): Promise<readonly number[]> {
  const done = after(5000)
  const seen = await Promise.all([...engines.values()].map(({ url }) => callers(url, 4, done)))
  return seen.map(({ length }) => length / sum(seen.map((all) => all.length)))
}

const isWithin = (part: number, value: number, expected: number): boolean => Math.abs(value / expected - 1) <= part

const TRIES = 2

test('servers of different speed share the work by their speeds, and none is idle', async (t) => {
  const all = await fleet(t, [QUICK, SLOW])
  const names = [...all.engines.keys()]
  let before = await speeds(all)
  for (let left = TRIES; left > 0; left--) {
    await callers(all.url, CALLERS, after(2000))
    const done = after(10_000)
    const [seen, idle] = await Promise.all([callers(all.url, CALLERS, done), idleness(all, done)])
    const later = await speeds(all)
    const told = (list: readonly number[]): string => list.map(percent).join(', ')
    const shares = names.map((name) => shareOf(seen, name))
    const what = `speeds ${told(before)}, then ${told(later)}; shares of ${seen.length} answers ${told(shares)}; idle ${told(idle)}`
    t.comment(what)
    for (const [at, name] of names.entries()) t.ok(idle[at]! < 0.1, `${name} is not idle: ${what}`)
    // Where the machine has other things to do, what the engines can do is another thing by the second.
    if (before.every((speed, at) => isWithin(STEADY, later[at]!, speed))) {
      t.ok(before[0]! > 1.3 * before[1]!, `their speeds differ: ${what}`)
      for (const [at, name] of names.entries())
        t.ok(isWithin(0.1, shares[at]!, (before[at]! + later[at]!) / 2), `${name} has its share: ${what}`)
      return
    }
    before = later
  }
  const skip = `the machine is too busy: what the engines can do has changed by more than ${percent(STEADY)} each time`
  await t.test('shares go by speed', { skip }, () => undefined)
})

test('one that is killed under load is missed by nobody, and takes its share again', async (t) => {
  const all = await fleet(t, [QUICK, QUICK])
  const seen: Seen[] = []
  let ended = false
  const load = callers(all.url, CALLERS, () => ended, seen)
  const window = async (ms: number): Promise<readonly Seen[]> => {
    const from = seen.length
    await letPass(ms, 'answers are counted for a while')
    return seen.slice(from)
  }
  await window(2000)
  const usual = shareOf(await window(5000), 'b')
  process.kill(all.engines.get('b')!.pid, 'SIGKILL')
  // Calls that had been sent there are asked of the other, and answered by it.
  await window(1000)
  const without = await window(3000)
  t.ok(without.length > 0)
  t.equal(shareOf(without, 'b'), 0)
  await all.restart('b')
  const backAt = performance.now()
  const shares: number[] = []
  await eventually(90_000, 'its share', async () => {
    shares.push(shareOf(await window(5000), 'b'))
    return isWithin(0.1, shares.at(-1)!, usual)
  })
  t.comment(`${percent(usual)} before, then ${shares.map(percent).join(', ')}: ${performance.now() - backAt} ms`)
  t.ok(shares[0]! < 0.8 * usual, `little by little: ${shares.map(percent).join(', ')}`)
  ended = true
  await load
  const failed = seen.filter(({ status }) => status !== 200)
  t.strictSame(failed, [], `all of ${seen.length} are answered`)
})

const WORDS = 'the river runs to the sea and the old house keeps the garden warm in winter '
/** One more than the engines of the test: in turn, an agent's next prompt then goes to another one than its last. With as many, each could stay where it was by chance. */
const AGENTS = 4

/** What an agent begins all its prompts with. */
const system = (agent: string): string => `${agent}. ${WORDS.repeat(40)}`

/** Conversations of several agents, as many at a time as there are: share of the prompts' tokens that was cached from the second turn on. */
async function conversations(url: string, name: string, headers: Readonly<Record<string, string>>): Promise<number> {
  let prompt = 0
  let cached = 0
  const talk = async (agent: number, number: number): Promise<void> => {
    const messages: Message[] = [{ role: 'system', content: system(`${name} ${agent}`) }]
    for (let turn = 0; turn < 4; turn++) {
      messages.push({ role: 'user', content: `${number} ${turn}: ${WORDS.repeat(2)}` })
      const seen = await ask(url, messages, 8, headers)
      if (seen.status !== 200) throw new Error(seen.text)
      messages.push({ role: 'assistant', content: seen.text })
      prompt += seen.prompt
      cached += seen.cached
    }
  }
  for (const number of [0, 1, 2]) await Promise.all(Array.from({ length: AGENTS }, (_, agent) => talk(agent, number)))
  return cached / prompt
}

test('conversations go to where their beginning is kept', async (t) => {
  const all = await fleet(t, [QUICK, QUICK, QUICK])
  await callers(all.url, 6, after(3000))
  const inTurn = await conversations(all.url, 'in turn', { 'x-turnout-strategy': 'round_robin' })
  const own = await conversations(all.url, 'by score', {})
  const what = `${percent(inTurn)} of the tokens were cached in turn, ${percent(own)} by the score`
  t.comment(what)
  t.ok(own > inTurn + 0.15, what)
  t.ok(own > 0.7, what)
})

test('a burst on one beginning goes to where it is kept, and does not pile up there', async (t) => {
  const all = await fleet(t, [QUICK, QUICK])
  await callers(all.url, 6, after(3000))
  const next = (at: number): Promise<Seen> =>
    ask(
      all.url,
      [
        { role: 'system', content: system('burst') },
        { role: 'user', content: `${at}: where?` },
      ],
      ANSWER,
    )
  const { backend } = await next(0)
  for (const at of [1, 2, 3]) {
    const seen = await next(at)
    t.equal(seen.backend, backend, 'one after the other they stay where it is kept')
    t.ok(seen.cached > 0.8 * seen.prompt, `${seen.cached} of ${seen.prompt} tokens were cached`)
  }
  const burst = await Promise.all(Array.from({ length: 16 }, (_, at) => next(4 + at)))
  const there = burst.filter((seen) => seen.backend === backend).length
  const cached = sum(burst.map((seen) => seen.cached)) / sum(burst.map((seen) => seen.prompt))
  const what = `${there} of 16 went to where it was kept, ${percent(cached)} of their tokens were cached`
  t.comment(what)
  t.ok(there >= 4 && there <= 12, what)
  t.ok(cached > 0.5, what)
})
