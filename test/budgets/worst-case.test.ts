/** 300 answers at once, of any length, in any order: what is spent is the limit and one answer at most. */
import t, { type Test } from 'tap'
import type { Bid } from '../../src/core/settlement.ts'
import type { Limiter, Reservation } from '../../src/budgets/limiter.ts'
import { missing } from '../support/engines.ts'
import { pick, seeded } from '../support/random.ts'
import { startRedis } from '../support/redis.ts'
import { budget, desk, subject } from './rig.ts'
import { sharedDesk, tryTo } from './shared-rig.ts'

/** A micro-dollar for each token, a prompt of 100, answers of up to `most`. */
const bidOf = (most: number): Bid => {
  const at = (output: number): { nanoUsd: number; tokens: number } => ({
    nanoUsd: 1000 * (100 + output),
    tokens: 100 + output,
  })
  return {
    ...at(most),
    lower: (room) => {
      const left = Math.min(most, Math.floor(room.nanoUsd / 1000), room.tokens) - 100
      return left < 16 ? null : { ...at(left), maxTokens: left }
    },
  }
}

type Reserving = Pick<Limiter, 'reserve'>

interface Outcome {
  readonly spent: number
  readonly admitted: number
  readonly largest: number
}

/** `random` says who comes, who ends and how long each answer was. */
async function rush(
  limiter: Reserving,
  random: () => number,
  mosts: readonly number[],
  most: number,
): Promise<Outcome> {
  const open: { readonly reservation: Reservation; readonly allowed: number }[] = []
  let [spent, admitted, largest] = [0, 0, 0]
  const end = (): void => {
    const { reservation, allowed } = open.splice(Math.floor(random() * open.length), 1)[0]!
    // Up to the worst, and often that.
    const tokens = 100 + Math.floor(allowed * pick(random, [random(), 1, 1, 0.05]))
    spent += tokens
    largest = Math.max(largest, tokens)
    reservation.settle({ nanoUsd: 1000 * tokens, tokens })
  }
  for (let come = 0; come < most;) {
    if (random() < 0.4 && open.length > 0) {
      end()
      continue
    }
    const at = Math.min(most - come, 1 + Math.floor(random() * 60))
    come += at
    const asked = Array.from({ length: at }, async () => {
      const longest = pick(random, mosts)
      const reservation = await tryTo(() => limiter.reserve(subject(), [], bidOf(longest), 'r'))
      if (typeof reservation === 'string') return
      admitted++
      open.push({ reservation, allowed: reservation.maxTokens ?? longest })
    })
    await Promise.all(asked)
  }
  while (open.length > 0) end()
  return { spent, admitted, largest }
}

/** Twenty short answers that teach nobody anything. */
async function shortOnes(limiter: Reserving): Promise<number> {
  for (let i = 0; i < 20; i++)
    (await limiter.reserve(subject(), [], bidOf(50_000), 'short')).settle({ nanoUsd: 110_000, tokens: 110 })
  return 20 * 110
}

const LIMIT = 200_000
const MOSTS: readonly (readonly number[])[] = [[50_000], [131_072], [500, 50_000], [10, 100, 1000], [400_000]]

async function check(t: Test, make: (name: string, clamp: boolean) => Promise<Reserving> | Reserving): Promise<void> {
  let [admitted, clamped] = [0, 0]
  for (let seed = 1; seed <= 20; seed++)
    for (const clamp of [false, true]) {
      const random = seeded(seed)
      const limiter = await make(`b${seed}${clamp ? 'c' : ''}`, clamp)
      const before = seed % 2 === 0 ? 0 : await shortOnes(limiter)
      const one = await rush(limiter, random, MOSTS[seed % MOSTS.length]!, 300)
      const most = LIMIT + (clamp ? 0 : one.largest)
      if (before + one.spent > most)
        t.fail(`seed ${seed}: ${before + one.spent} of ${LIMIT}, ${one.largest} the largest`)
      admitted += clamp ? 0 : one.admitted
      clamped += clamp ? one.admitted : 0
    }
  t.ok(admitted > 100 && clamped > 100, `${admitted} let in, ${clamped} where they are lowered`)
}

const specs = (name: string, clamp: boolean, usd: boolean) =>
  usd ? budget({ name, nanoUsd: LIMIT * 1000, clamp }) : budget({ name, tokens: LIMIT, clamp })

for (const usd of [true, false]) {
  const of = usd ? 'money' : 'tokens'
  t.test(`300 at once against a limit of ${of}, in memory`, (t) =>
    check(t, (name, clamp) => desk([specs(name, clamp, usd)]).limiter),
  )
  t.test(
    `300 at once against a limit of ${of}, in Redis, from three gateways`,
    { skip: missing('redis') },
    async (t) => {
      const redis = await startRedis(t)
      await check(t, async (name, clamp) => {
        const spec = specs(name, clamp, usd)
        const desks = await Promise.all([0, 1, 2].map(() => sharedDesk(t, redis, [spec])))
        let turn = 0
        return { reserve: (...all) => desks[turn++ % 3]!.limiter.reserve(...all) }
      })
    },
  )
}

t.test('what a refusal says', async (t) => {
  const refused = async (clamp: boolean, prompt: number): Promise<string> => {
    const { limiter } = desk([budget({ nanoUsd: 1e9, tokens: 1e9, clamp })])
    limiter.reserve(subject(), [], { nanoUsd: 0.75e9, tokens: 5 })
    const bid = bidOf(400_000)
    const outcome = await tryTo(() =>
      limiter.reserve(subject(), [], prompt === 0 ? bid : { ...bid, lower: () => null }),
    )
    return typeof outcome === 'string' ? outcome : 'let in'
  }
  t.equal(
    await refused(false, 0),
    'Budget "b" of team "red": 1 USD a day could be used up by the requests in flight; try again when one has ended. ' +
      'This request may take up to 0.4001 USD, and 0.25 USD are left: set a lower max_tokens, let the budget lower it (clamp: true), or set max_output of the model.',
  )
  t.equal(await refused(true, 0), 'let in', 'with shorter answers')
  t.match(
    await refused(true, 1),
    /0\.25 USD are left: requests in flight without max_tokens have reserved the rest; let them set it, or set max_output of the model/,
  )
})

t.test(
  'a budget that lowers what is asked for is never overspent, and says so when nothing fits any more',
  async (t) => {
    const { limiter } = desk([budget({ tokens: 1000, clamp: true })])
    const first = limiter.reserve(subject(), [], bidOf(131_072))
    t.equal(first.maxTokens, 900)
    first.settle({ nanoUsd: 0, tokens: 950 })
    const said = await tryTo(() => limiter.reserve(subject(), [], bidOf(131_072)))
    t.match(
      said,
      /^Budget "b" of team "red": 1000 tokens a day are nearly used up; it resets at 2026-11-24T00:00:00Z\./,
    )
    t.match(said, /This request may take up to 131172 tokens, and 50 tokens are left/)
  },
)
