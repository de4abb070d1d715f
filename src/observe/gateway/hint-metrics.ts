import { type Hint, HINT_NAMES, type Hinted } from '../../core/hints.ts'
import type { Registry } from '../metrics/registry.ts'
import type { Cell } from '../metrics/counter.ts'
import { Series } from '../metrics/series.ts'

/** What hints are worth by now, as a share of a score; 0: nothing. */
export type HintStrengths = (hint: Hint) => number

/** What requests said of answers before them. */
export class HintMetrics {
  readonly #hints: Series<Cell>

  constructor(families: Registry, strengthOf: HintStrengths | null) {
    const hints = families.counter(
      'hints_total',
      'Hints of later requests that an answer was bad; `backend`, `model`: those that gave it.',
      ['hint', 'backend', 'model'],
    )
    this.#hints = new Series({ max: 2000, open: 2 }, (path) => hints.series(path))
    families.gauge(
      'hint_strength',
      'What a hint is worth as a share of a score, by what people scored of the same answers; 0 where it is switched off.',
      ['hint'],
      (read) => {
        if (strengthOf !== null) for (const hint of HINT_NAMES) read(strengthOf(hint), hint)
      },
    )
  }

  hinted({ hint, backend, model }: Hinted): void {
    this.#hints.of(hint, backend, model).value++
  }
}
