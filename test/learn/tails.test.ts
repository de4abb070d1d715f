/** Limits that are learnt from answers: where they come to rest, and that few answers are cut at them, whatever comes. */
import t from 'tap'
import { ENOUGH, MOST_CUT, learnTail, newTail, type Tail, Tails, trimOf } from '../../src/decision/learn/tails.ts'
import { normal } from '../support/features.ts'
import { seeded } from '../support/random.ts'

const answer = (tail: Tail, output: number, reasoning = 0): void =>
  learnTail(tail, { output, reasoning, unfinished: false, cutAt: null })

/** One answer that would be so long: cut where the limit is lower, and asked for again. True: it was cut. */
function answered(tail: Tail, tokens: number, treated = true): boolean {
  const limit = treated ? (trimOf(tail, 0)?.output ?? Infinity) : Infinity
  if (tokens <= limit) {
    answer(tail, tokens)
    return false
  }
  learnTail(tail, { output: null, reasoning: 0, unfinished: true, cutAt: limit })
  answer(tail, tokens)
  return true
}

t.test('nothing is limited before enough answers of the kind are known', async (t) => {
  const tail = newTail()
  for (let n = 1; n < ENOUGH; n++) {
    answer(tail, 100)
    t.equal(trimOf(tail, 0), null, `${n} answers`)
  }
  answer(tail, 100)
  t.strictSame(trimOf(tail, 0), { output: 256, thought: null }, 'no limit is smaller than that')
  t.strictSame(trimOf(tail, 2_000), { output: 2_000, thought: null }, 'nor than what the answer needs')
})

for (const [median, spread] of [
  [200, 0.3],
  [500, 0.7],
  [2_000, 1.1],
] as const)
  t.test(
    `of answers of about ${median} tokens the limit is about twice the 95th percentile (spread ${spread})`,
    async (t) => {
      const random = seeded(median)
      const tail = newTail()
      let sum = 0
      for (let n = 0; n < 4_000; n++) {
        answer(tail, Math.round(median * Math.exp(spread * normal(random))))
        if (n >= 2_000) sum += Math.log(trimOf(tail, 0)!.output!)
      }
      const wanted = Math.log(2 * median) + 1.645 * spread
      t.ok(
        Math.abs(sum / 2_000 - wanted) < 0.15 + 0.1 * spread,
        `${Math.exp(sum / 2_000)} where ${Math.exp(wanted)} is right`,
      )
    },
  )

t.test('an answer that ran away among the first does not spoil the limit', async (t) => {
  const tail = newTail()
  answer(tail, 32_000)
  for (let n = 1; n < ENOUGH; n++) answer(tail, 200 + n)
  t.ok(trimOf(tail, 0)!.output! < 600, `${trimOf(tail, 0)!.output}`)
})

t.test('thoughts have a limit of their own, and the answer has room for them', async (t) => {
  const tail = newTail()
  const random = seeded(5)
  for (let n = 0; n < 500; n++) {
    const thought = Math.round(3_000 * Math.exp(0.3 * normal(random)))
    answer(tail, thought + 200, thought)
  }
  const { output, thought } = trimOf(tail, 1_024)!
  t.ok(thought! > 4_000 && thought! < 9_000, `${thought}`)
  t.ok(output! >= thought! + 1_024)
  answer(tail, 100, 0)
  const few = newTail()
  for (let n = 0; n < ENOUGH; n++) answer(few, 300, 100)
  t.equal(trimOf(few, 0)!.thought, 1_024, 'fewer are refused by some')
})

/** What might come: of each the length of the answer at its number. */
const WORLDS: Readonly<Record<string, (random: () => number, n: number, limit: number) => number>> = {
  'of a log-normal': (random) => 400 * Math.exp(0.8 * normal(random)),
  'with a tail that is too heavy for a mean': (random) => 100 / random(),
  'twice as long from some day on': (random, n) => (n < 900 ? 300 : 6_000) * Math.exp(0.4 * normal(random)),
  'longer with each': (random, n) => 50 * (1 + n / 20) * Math.exp(0.2 * normal(random)),
  'of two kinds': (random) => (random() < 0.12 ? 8_000 : 150) * Math.exp(0.2 * normal(random)),
  'of somebody who knows the limit and wishes to be cut': (_, __, limit) => (limit === Infinity ? 10 : limit + 1),
  'of somebody who wishes it every other time': (_, n, limit) => (n % 2 === 0 || limit === Infinity ? 10 : limit + 1),
}

for (const [name, lengthOf] of Object.entries(WORLDS))
  t.test(`of answers ${name}, no more than ${100 * MOST_CUT} % are cut, at any time`, async (t) => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = seeded(seed)
      const tail = newTail()
      let cut = 0
      let worst = 0
      let sound = true
      for (let n = 0; n < 4_000; n++) {
        const treated = random() >= 0.05
        const limit = (treated ? trimOf(tail, 0)?.output : null) ?? Infinity
        if (answered(tail, Math.max(1, Math.round(lengthOf(random, n, limit))), treated)) cut++
        // A cut answer is learnt twice: the cut, and what it was in the end.
        worst = Math.max(worst, cut - MOST_CUT * (n + 1 + cut))
        sound &&= Number.isFinite(tail.length) && tail.cut >= 0 && tail.cut <= MOST_CUT
      }
      t.ok(sound)
      t.ok(worst <= MOST_CUT / 0.02, `seed ${seed}: ${cut} of 4000, at most ${worst.toFixed(2)} above the share`)
    }
  })

t.test('a cut raises the limit', async (t) => {
  const tail = newTail()
  for (let n = 0; n < ENOUGH; n++) answer(tail, 400)
  const before = trimOf(tail, 0)!.output!
  t.ok(answered(tail, 5_000))
  const after = trimOf(tail, 0)!.output!
  t.ok(after > 1.4 * before, `${before} -> ${after}`)
  t.ok(answered(tail, 9_000))
  t.equal(trimOf(tail, 0)!.output, null, 'with another one at once there is none for a while')
  for (let n = 0; n < 30; n++) answer(tail, 400)
  t.ok(trimOf(tail, 0)!.output! > before)
})

t.test('what was not finished by the limit of another tells only that it is longer', async (t) => {
  const tail = newTail()
  for (let n = 0; n < ENOUGH; n++) answer(tail, 1_000)
  const before = { ...tail }
  for (let n = 0; n < 500; n++) learnTail(tail, { output: 16, reasoning: 0, unfinished: true, cutAt: null })
  t.strictSame({ ...tail, cut: 0 }, { ...before, cut: 0 })
  learnTail(tail, { output: 4_000, reasoning: 0, unfinished: true, cutAt: null })
  t.ok(tail.length > before.length)
})

t.test('each model, effort and class has a limit of its own, and only so many are kept', async (t) => {
  const tails = new Tails()
  const ended = { output: 900, reasoning: 0, unfinished: false, cutAt: null }
  for (let n = 0; n < ENOUGH; n++) tails.learn('m@high', 'code', ended)
  t.equal(trimOf(tails.of('m@high', 'code')!, 0)!.output, 1_800)
  for (const [arm, of] of [
    ['m@low', 'code'],
    ['m@high', 'chat'],
    ['n@high', 'code'],
  ] as const)
    t.equal(tails.of(arm, of), null)
  for (let n = 0; n < 5_000; n++) tails.learn(`m${n}@high`, 'code', ended)
  t.equal([...tails.known].length, 4_096)
})
