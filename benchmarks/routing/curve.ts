/**
 * What single verdicts are worth, as users have them: the gateway's own choice answers each prompt, and that answer alone is
 * judged. The same test half is predicted after so many of them.
 */
import { compare, type Compared, COMPARED, type Interval, intervalOf, noDraws } from './bootstrap.ts'
import { type Figures, figuresOf } from './figures.ts'
import { type Frontier, frontierOf, type Played, predictAll, type Split } from './policies.ts'
import { permutation, randomFrom } from './random.ts'
import type { Learner, Shipped } from './scorer.ts'

/** Verdicts after which the test half is predicted: none is the first day. */
const VERDICTS: readonly number[] = [0, 50, 200, 1_000, 2_500, 5_000]

/** One curve for each split, each with prompts in an order of its own. By the number of verdicts. */
export class Curves {
  readonly #figures = new Map<number, Figures[]>()
  readonly #gains = new Map<number, Record<Compared, number[]>>()

  /** The training half is answered by the gateway; `draws`: for the difference from the first day. */
  add(split: Split, played: Played, shipped: Shipped, draws: number): void {
    const frontiers = frontiersOf(split, shipped.begin(split))
    const [first] = frontiers
    for (const [verdicts, frontier] of frontiers) {
      const figures = figuresOf({ ...played, frontiers: new Map([['turnout', frontier]]) }, split.pool).get('turnout')!
      at(this.#figures, verdicts, () => []).push(figures)
      const gains = at(this.#gains, verdicts, noDraws)
      if (frontier !== first![1])
        compare(played, frontier, [[0, first![1]]], { times: draws, seed: split.seed }, (_, figure, more) =>
          gains[figure].push(more),
        )
    }
  }

  get figures(): ReadonlyMap<number, readonly Figures[]> {
    return this.#figures
  }

  /** What so many verdicts have made better, or worse, than the first day was. */
  gain(verdicts: number): Readonly<Record<Compared, Interval | null>> {
    const gains = this.#gains.get(verdicts)!
    return Object.fromEntries(COMPARED.map((figure) => [figure, intervalOf(gains[figure])])) as ReturnType<
      Curves['gain']
    >
  }
}

/** As far as the training half goes. */
function frontiersOf({ train, test, seed }: Split, learner: Learner): (readonly [number, Frontier])[] {
  const random = randomFrom(seed + 5000)
  const order = permutation(train.length, randomFrom(seed + 4000))
  let judged = 0
  return VERDICTS.filter((verdicts) => verdicts <= train.length).map((verdicts) => {
    for (; judged < verdicts; judged++) {
      const sample = train[order[judged]!]!
      learner.judge(sample, [learner.ask(sample.prompt, random)])
    }
    return [verdicts, frontierOf(predictAll(learner, test))] as const
  })
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
