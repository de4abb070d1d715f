import t from 'tap'
import { BlockCache } from '../../src/simulate/block-cache.ts'
import { Clock } from '../../src/simulate/clock.ts'
import { Cloud } from '../../src/simulate/cloud.ts'
import { Engine } from '../../src/simulate/engine.ts'
import { CLOUD_MODEL, ENGINE_MODELS, type EngineModel, fleetOf } from '../../src/simulate/fleet-spec.ts'
import type { Failure, Instance } from '../../src/simulate/instance.ts'

const MODEL: EngineModel = {
  prefill: 1000,
  tokenSeconds: 0.02,
  batchSeconds: 0.01,
  cacheBlocks: 4,
  slots: null,
  loadSeconds: null,
}

interface Seen {
  began: number | null
  kept: number | null
  ended: number | null
  failed: Failure | null
}

/** Seconds at which things happened, rounded to a tenth of a millisecond. */
const rounded = (seconds: number): number => Math.round(seconds * 1e4) / 1e4

function rig(make: (clock: Clock) => Instance) {
  const clock = new Clock()
  const instance = make(clock)
  const call = (at: number, input: number, output: number, blocks: readonly number[] = [], model = 0): Seen => {
    const seen: Seen = { began: null, kept: null, ended: null, failed: null }
    clock.at(at, () => {
      instance.call({
        request: { at, input, output, blocks },
        model,
        began: (kept) => Object.assign(seen, { began: rounded(clock.now), kept }),
        ended: () => Object.assign(seen, { ended: rounded(clock.now) }),
        failed: (failed) => Object.assign(seen, { failed }),
      })
    })
    return seen
  }
  const run = (): void => {
    while (clock.next());
  }
  return { clock, instance, call, run }
}

const IDLE = { running: 0, waiting: 0, kv: 0, kvTokens: 2048, slots: null, model: null, restarts: 0 }

const engine = (traits: Partial<EngineModel> = {}, speed = 1) =>
  rig((clock) => new Engine({ ...MODEL, ...traits }, speed, clock))

t.test('prompts are read one after the other, answers are written side by side', async (t) => {
  const { call, run, instance } = engine()
  const [one, two, three] = [call(0, 1000, 10), call(0, 500, 10), call(0.2, 500, 0)]
  run()
  t.strictSame(one, { began: 1, kept: 0, ended: 1.3, failed: null }, 'alone in the batch: 10 x (20 + 10) ms')
  t.strictSame(two, { began: 1.5, kept: 0, ended: 1.8, failed: null }, 'the first has ended meanwhile')
  t.strictSame(three, { began: 2, kept: 0, ended: 2, failed: null }, 'no output: its first token is its end')
  t.equal(rounded(instance.busySeconds), 2)
})

t.test('each answer that is written beside it makes a token longer', async (t) => {
  const { call, run } = engine()
  const [one, two] = [call(0, 100, 100), call(0, 100, 100)]
  run()
  t.strictSame([one.ended, two.ended], [0.1 + 3, 0.2 + 4], 'with itself: a batch of one, then of two')
})

t.test('a faster engine reads faster, and writes no faster', async (t) => {
  const { call, run } = engine({}, 2)
  const one = call(0, 1000, 10)
  run()
  t.strictSame([one.began, one.ended], [0.5, 0.8])
})

t.test('blocks that were read are kept, and read no more; what comes after the first other block is', async (t) => {
  const { call, run } = engine()
  const [first, same, other, short] = [
    call(0, 1124, 0, [1, 2, 3]),
    call(10, 1124, 0, [1, 2, 3]),
    call(20, 1124, 0, [1, 9, 3]),
    call(30, 300, 0, [1]),
  ]
  run()
  t.strictSame([first.kept, same.kept, other.kept, short.kept], [0, 1123, 512, 299], 'one token is always read')
  t.strictSame([first.began, same.began, other.began], [1.124, 10.001, 20.612])
})

t.test('the least recently used blocks go first', async (t) => {
  const cache = new BlockCache(3)
  cache.add([1, 2, 3])
  t.equal(cache.matched([1, 2, 3]), 3)
  cache.add([1])
  cache.add([4])
  t.strictSame([cache.matched([1]), cache.matched([2]), cache.matched([3]), cache.matched([4])], [1, 0, 1, 1])
  cache.add([5, 6, 7, 8])
  t.strictSame([cache.size, cache.matched([5]), cache.matched([6, 7, 8])], [3, 0, 3])
})

t.test('an engine with slots begins no further prompt before one is free', async (t) => {
  const { call, run, instance, clock } = engine({ slots: 1 })
  const [one, two] = [call(0, 1000, 10), call(0, 1000, 10)]
  clock.at(0.5, () => t.strictSame(instance.read(), { ...IDLE, running: 1, waiting: 1, slots: 1 }))
  run()
  t.strictSame([one.ended, two.began, two.ended], [1.3, 2.3, 2.6])
})

t.test('a model is loaded once the answers of the other one have ended, and what was kept is lost', async (t) => {
  const { call, run } = engine({ loadSeconds: 5 })
  const calls = [call(0, 512, 10, [1], 0), call(0, 512, 0, [1], 0), call(0, 512, 0, [1], 1), call(0, 512, 0, [1], 0)]
  run()
  t.strictSame(
    calls.map(({ began, kept }) => [began, kept]),
    [
      [5.512, 0],
      [5.513, 511],
      [5.812 + 5.512, 0],
      [11.324 + 5.512, 0],
    ],
  )
})

t.test('an engine that goes away fails what it had, and comes back empty', async (t) => {
  const { call, run, instance, clock } = engine()
  const [answering, reading, waiting, later, back] = [
    call(0, 512, 1000, [1]),
    call(0.6, 1000, 1),
    call(0.7, 1000, 1),
    call(2, 512, 0, [1]),
    call(4, 512, 0, [1]),
  ]
  clock.at(1, () => instance.die())
  clock.at(1.5, () => t.equal(instance.read(), null))
  clock.at(3, () => instance.revive())
  run()
  for (const lost of [answering, reading, waiting, later]) {
    t.strictSame(lost.failed, { why: 'away' })
    t.equal(lost.ended, null)
  }
  t.strictSame([answering.began, reading.began, waiting.began, later.began], [0.512, null, null, null])
  t.strictSame([back.began, back.kept], [4.512, 0])
  t.strictSame(instance.read(), { ...IDLE, restarts: 1 })
})

t.test(
  'a cloud takes so many requests in a minute, and refuses the others until the first of them is a minute old',
  async (t) => {
    const { call, run } = rig((clock) => new Cloud({ ...CLOUD_MODEL, perMinute: 4 }, 0.5, clock))
    const [one, two, over, later] = [call(0, 1000, 100), call(10, 0, 0), call(20, 0, 0), call(60, 0, 0)]
    run()
    t.strictSame(one, { began: 0.63, kept: 0, ended: 2.13, failed: null })
    t.equal(two.ended, 10.6)
    t.strictSame(over.failed, { why: 'full', retrySeconds: 40 })
    t.equal(later.failed, null)
  },
)

t.test('a fleet is written as speeds, with counts and kinds', async (t) => {
  const speeds = (text: string): unknown => {
    const fleet = fleetOf(text)
    return typeof fleet === 'string' ? fleet : fleet.map(({ kind, speed }) => `${kind} ${speed}`)
  }
  t.strictSame(speeds('2x1'), ['vllm 1', 'vllm 1'])
  t.strictSame(speeds('2,1,.5, 0.25'), ['vllm 2', 'vllm 1', 'vllm 0.5', 'vllm 0.25'])
  t.strictSame(speeds('1x2,2x.5@ollama,1@cloud'), ['vllm 2', 'ollama 0.5', 'ollama 0.5', 'cloud 1'])
  for (const [text, says] of [
    ['', /^"" is no engine; write speeds/],
    ['4x', /^"4x" is no engine/],
    ['0x1', /^"0x1" is no engine/],
    ['0', /^"0" is no engine/],
    ['-1', /^"-1" is no engine/],
    ['1,,1', /^"" is no engine/],
    ['1@vlm', /^"vlm" is no kind of engine; there are vllm, ollama, cloud$/],
    ['129x1', /more than 128 engines/],
  ] as const)
    t.match(speeds(text), says, text)
  t.strictSame([ENGINE_MODELS.vllm.prefill, ENGINE_MODELS.vllm.cacheBlocks], [8000, 3000], 'as the docs say')
})
