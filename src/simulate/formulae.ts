/**
 * The published formulas that place requests on replicas, as they are written down: each is a re-implementation in a few lines,
 * and ranks an idea, not a product. What they see of caches is the router's own mirror of what it has sent. Pure.
 */

/** What a router knows of one engine when a request of `input` tokens comes. */
export interface Sight {
  /** Tokens read in a second: told to the formulae that divide by it. */
  readonly rate: number
  /** Calls that are open. */
  readonly calls: number
  /** Prompt tokens that are sent and not read yet, without those that are believed to be kept. */
  readonly pending: number
  /** Blocks of the prompts that are being answered. */
  readonly blocks: number
  /** Share of the cache that holds prompts which are worked on. */
  readonly kv: number
  /** Tokens of this prompt that are not believed to be kept there; at least one. */
  readonly fresh: number
  /** Share of this prompt's blocks that is believed to be kept there. */
  readonly matched: number
}

/** What a formula knows beside the engines. */
export interface Beside {
  /** Of the request. */
  readonly input: number
  /** Share of the fleet's reading that the last minute's requests took, below 1. */
  readonly utilisation: number
  readonly meanRate: number
}

export interface Formula {
  /** Its loads are what engines said at the last scrape; else the router's own counts. */
  readonly scraped: boolean
  /** A cost for each engine: the lowest is asked first, of equal ones any. */
  readonly costs: (sights: readonly Sight[], beside: Beside) => readonly number[]
}

const least =
  (cost: (sight: Sight, beside: Beside) => number): Formula['costs'] =>
  (sights, beside) =>
    sights.map((sight) => cost(sight, beside))

const BLOCK = 512

export const FORMULAE = {
  /** Fewest open calls. */
  least_inflight: { scraped: true, costs: least(({ calls }) => calls) },
  /** SGLang's cache_aware: the best match above .5, unless loads are apart by more than 32 and by 1.1. */
  sglang: {
    scraped: false,
    costs: (sights) => {
      const loads = sights.map(({ calls }) => calls)
      const [low, high] = [Math.min(...loads), Math.max(...loads)]
      const imbalanced = high - low > 32 && high > 1.1 * low
      const match = Math.max(...sights.map(({ matched }) => matched))
      return imbalanced || match <= 0.5 ? loads : sights.map(({ matched }) => -matched)
    },
  },
  /** The endpoint picker: 2 x queue + 2 x free KV + 3 x prefix. */
  epp: {
    scraped: true,
    costs: (sights) => {
      const loads = sights.map(({ calls }) => calls)
      const [low, high] = [Math.min(...loads), Math.max(...loads)]
      const queue = (calls: number): number => (high === low ? 1 : (high - calls) / (high - low))
      return sights.map(({ calls, kv, matched }) => -(2 * queue(calls) + 2 * (1 - kv) + 3 * matched))
    },
  },
  /** Dynamo's KV router: blocks to read + blocks that are answered. */
  dynamo: {
    scraped: false,
    costs: least(({ pending, fresh, blocks }) => (pending + fresh) / BLOCK + blocks),
  },
  /** LMetric: new tokens x (calls + 1). */
  lmetric: {
    scraped: false,
    costs: least(({ fresh, calls }) => fresh * (calls + 1)),
  },
  /** AIBrix's local LMetric: (pending + new tokens) x (calls + 1). */
  aibrix: {
    scraped: false,
    costs: least(({ pending, fresh, calls }) => (pending + fresh) * (calls + 1)),
  },
  /** Time to read what is pending and new, at speeds that it is told. */
  expected_ttft: {
    scraped: false,
    costs: least(({ pending, fresh, rate }) => (pending + fresh) / rate),
  },
  /** The same and the congestion price of the new tokens, kappa 1, at speeds that it is told. */
  reference: {
    scraped: false,
    costs: least(
      ({ pending, fresh, rate }, { utilisation, meanRate }) =>
        (pending + fresh) / rate + ((utilisation / (1 - utilisation)) * fresh) / meanRate,
    ),
  },
} as const satisfies Readonly<Record<string, Formula>>

export type FormulaName = keyof typeof FORMULAE
