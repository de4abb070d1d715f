import { eventually } from './await.ts'
import type { Gateway } from './gateway.ts'

/** How a request ended, as its line in the log tells it. */
export interface Outcome {
  readonly finish: string | null
  readonly success: boolean
  readonly score: number | null
  readonly why: string | null
  readonly wasted: { readonly reason: string } | null
  readonly ttft_ms: number | null
  readonly total_ms: number
  readonly cost_usd: number | null
  readonly tokens: Readonly<Record<string, unknown>> | null
  readonly attempts: readonly { readonly backend: string; readonly error: string | null }[]
}

/** The outcome in the log line of a request, once it is there. */
export async function outcomeOf(gateway: Pick<Gateway, 'logged'>, id: string): Promise<Outcome> {
  const find = (): string | undefined =>
    gateway
      .logged()
      .split('\n')
      .findLast((text) => text.includes(`"request_id":"${id}"`))
  await eventually(10_000, `the line of ${id}`, () => find() !== undefined)
  return (JSON.parse(find()!) as { decision: { outcome: Outcome } }).decision.outcome
}
