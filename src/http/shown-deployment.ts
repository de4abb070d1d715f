/** A deployment as callers and `turnout models` see it: what is known and expected of it. Never a URL, a key or a name of another's. Pure. */
import { z } from 'zod'
import { CAPABILITIES, EFFORTS } from '../core/capabilities.ts'
import type { Deployment } from '../core/types.ts'
import { overallSuccess } from '../decision/learn/success.ts'

const usd = z.number().nullable()

export const shownDeploymentSchema = z.object({
  /** `backend/model` */
  id: z.string(),
  backend: z.string(),
  /** Of the backend. */
  kind: z.string(),
  /** It runs on hardware of one's own: its tokens cost nothing beyond that. */
  local: z.boolean(),
  model: z.string(),
  aliases: z.array(z.string()),
  /** Of the backend. */
  state: z.string(),
  reason: z.string().nullable(),
  context_tokens: z.number().nullable(),
  max_output_tokens: z.number().nullable(),
  /** Null: unknown. */
  price: z
    .object({
      input_per_mtok_usd: usd,
      cached_input_per_mtok_usd: usd,
      output_per_mtok_usd: usd,
      per_gpu_hour_usd: usd,
    })
    .nullable(),
  /** What is not there is not known. */
  capabilities: z.partialRecord(z.enum(CAPABILITIES), z.boolean()),
  efforts: z.array(z.enum(EFFORTS)),
  /** Share of useful answers over all kinds of requests, as it answers when nobody names an effort; and its standard deviation. */
  expected: z.object({ success: z.number(), success_sd: z.number() }),
})

export type ShownDeployment = z.infer<typeof shownDeploymentSchema>

export function shownDeployment({ id, backend, model, facts, live, targets }: Deployment): ShownDeployment {
  const { price } = facts
  const overall = overallSuccess(targets[0]!.arm)
  return {
    id,
    backend: backend.name,
    kind: backend.provider.kind,
    local: backend.provider.local,
    model,
    aliases: [...facts.aliases],
    state: live.state,
    reason: live.reason,
    context_tokens: facts.context,
    max_output_tokens: facts.maxOutput,
    price:
      price === null
        ? null
        : {
            input_per_mtok_usd: price.inputPerMtok,
            cached_input_per_mtok_usd: price.cachedInputPerMtok,
            output_per_mtok_usd: price.outputPerMtok,
            per_gpu_hour_usd: price.perGpuHour,
          },
    capabilities: facts.capabilities,
    efforts: [...facts.efforts],
    expected: { success: rounded(overall.success), success_sd: rounded(overall.doubt) },
  }
}

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000
