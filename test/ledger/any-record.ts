/** Finished requests of any kind, for properties of what is written about them. */
import { HINT_NAMES } from '../../src/core/hints.ts'
import { type CandidateName, type DecisionRows, type Excluded, UNKNOWN } from '../../src/core/decision-rows.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { COLUMN, KEPT_COLUMNS, RECORDED } from '../../src/core/terms.ts'
import { pick } from '../support/random.ts'
import { after, decided } from '../support/records.ts'
import { anyFinished } from './finished.ts'

const TEXTS = [
  '',
  'a',
  'team-a',
  'ü',
  'é"\\\n',
  '日本語',
  '😀',
  'half \ud83d',
  '\udc00',
  '\u0000',
  '\u2028',
  '__proto__',
  'x'.repeat(255) + '😀',
  'y'.repeat(5000),
  '\u00ff'.repeat(300),
]

export function anyRecord(random: () => number, id: string, endedAt: number): RequestRecord {
  const text = (): string => pick(random, TEXTS)
  const maybe = <T>(value: T): T | null => (random() < 0.5 ? value : null)
  const ms = (): number => pick(random, [0, 0.04, 0.05, 12.34, random() * 1e5, random() * 1e12, -3.21])
  const record = anyFinished(random, random() < 0.5 ? id : `${text()}${id}`, endedAt)
  const attempts = record.attempts.map((attempt) => ({
    ...attempt,
    ...{ backend: text(), model: text(), effort: maybe(pick(random, ['low', 'high'] as const)) },
    ...{
      format: maybe(pick(random, ['openai-chat', 'gemini'])),
      lossy: pick(random, [[], ['seals'], ['n', 'answer form']]),
    },
    ...{ status: maybe(pick(random, [200, 499, 503])), ttftMs: maybe(ms()), totalMs: ms() },
  }))
  const { backend, model, effort } = after(attempts)
  const trials = random() < 0.5 ? [] : [{ feature: 'routing' as const, control: random() < 0.5, share: random() }]
  return {
    ...record,
    ...{ attempts, backend, model, effort },
    ...{ key: text(), team: maybe(text()), user: maybe(text()), session: maybe(text()), agent: maybe(text()) },
    ...{ route: maybe(text()), endpoint: pick(random, ['chat', 'rerank']), requestedModel: text() },
    stream: random() < 0.5,
    labels: random() < 0.5 ? {} : Object.fromEntries([text(), text(), text()].map((name) => [name, text()])),
    maxTokens: maybe(Math.floor(random() * 1e6)),
    finish: maybe(pick(random, ['stop', 'length'])),
    ...{ success: random() < 0.5, score: maybe(pick(random, [0, 1, random()])) },
    ...{ ttftMs: maybe(ms()), totalMs: ms(), queueMs: maybe(ms()) ?? 0, overheadMs: ms() },
    ...{ trials, affinity: maybe(text()) },
    hinted: maybe({ hint: pick(random, HINT_NAMES), about: text(), backend: text(), model: text() }),
    decision: random() < 0.8 ? { ...anyDecision(random, id), trials } : null,
  }
}

export function anyDecision(random: () => number, requestId: string): DecisionRows {
  const text = (): string => pick(random, TEXTS)
  const maybe = <T>(value: T): T | null => (random() < 0.5 ? value : null)
  const name = (): CandidateName => {
    const [backend, model] = [text(), text()]
    return { id: `${backend}/${model}`, backend, model, effort: maybe(pick(random, ['none', 'medium'] as const)) }
  }
  const candidates = Array.from({ length: Math.floor(random() * 8) }, name)
  const excluded = candidates.map((): Excluded | null =>
    pick(random, [
      null,
      null,
      { filter: 'context', why: text() },
      { filter: 'cost', why: null },
      { filter: 'latency', why: null },
    ]),
  )
  return decided({
    ...{
      requestId,
      route: text(),
      strategy: text(),
      difficulty: maybe(random()),
      language: maybe('de'),
      step: maybe('editing' as const),
    },
    ...{ inputTokens: Math.floor(random() * 1e5), needs: random() < 0.5 ? [] : ['chat', 'tools'] },
    affinity: maybe(text()),
    ...{ candidates, excluded, values: candidates.flatMap(() => anyValues(random)) },
    omitted: Math.floor(random() * 200),
    order: [...candidates.filter(() => random() < 0.5), ...(random() < 0.2 ? [name()] : [])],
    baseline: maybe({ backend: text(), model: text(), nanoUsd: maybe(random() * 1e9) }),
    ceilings: { cost: maybe(random() * 1e7), ttft: maybe(random() * 1e4), total: maybe(random() * 1e5) },
    relaxed: maybe(pick(random, ['latency', 'cost'] as const)),
    ...{ pressure: pick(random, [0, random() * 3]), explored: random() < 0.5 },
    ...{ propensity: pick(random, [1, random()]), maxTokens: maybe(17) },
  })
}

/** Of one candidate: of any size, by the units of their columns. */
function anyValues(random: () => number): number[] {
  const values = new Array<number>(KEPT_COLUMNS).fill(0).map(() => (random() - 0.5) * 10 ** (random() * 6))
  for (const { column, per } of RECORDED) values[column] = random() * per * 10 ** (random() * 6 - 3)
  if (random() < 0.5) values[COLUMN.cost] = Math.floor(random() * 1e7)
  return values.map((value) => (random() < 0.1 ? UNKNOWN : random() < 0.05 ? 0 : random() < 0.02 ? -0 : value))
}
