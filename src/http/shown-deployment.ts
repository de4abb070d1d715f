/** A deployment as callers and `turnout models` see it: what is known and expected of it. Never a URL, a key or a name of another's. Pure. */
import { z } from 'zod'
import { CAPABILITIES, EFFORTS, TASK_CLASSES } from '../core/capabilities.ts'
import { SAYINGS } from '../core/hints.ts'
import { isLoaded } from '../core/residency.ts'
import { FACT_SOURCES } from '../core/settings.ts'
import type { Deployment } from '../core/types.ts'
import { isLocal } from '../decision/route/local.ts'
import { catalogueOf } from '../decision/catalogue/catalogue.ts'
import { classSuccess, overallSuccess } from '../decision/learn/success.ts'

const usd = z.number().nullable()

const beliefSchema = z.object({
  success: z.number(),
  success_sd: z.number(),
  /** Who says what was believed before any verdict; `price`: nothing but that is known, `nothing`: not even that. */
  from: z.enum(['operator', 'figures', 'family', 'size', 'price', 'nothing']),
  /** Published ones that say something of the class itself. */
  figures: z.number(),
  verdicts: z.number(),
})

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
  /** Prompt and answer of one call, as its engine has it now or would load it; null: nobody tells. */
  context_tokens: z.number().nullable(),
  context_from: z.enum(FACT_SOURCES).nullable(),
  trained_context_tokens: z.number().nullable(),
  /** In the memory of its engine; null: nobody tells. */
  loaded: z.boolean().nullable(),
  /** What a load is expected to take; null: it stays loaded. */
  load_seconds: z.number().nullable(),
  /** Requests that its engine works on at a time; null: not known, or as many as come. */
  slots: z.number().nullable(),
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
  /** Who says so. `observed`: it refused that within the last ten minutes. */
  capabilities_from: z.partialRecord(z.enum(CAPABILITIES), z.enum(FACT_SOURCES)),
  efforts: z.array(z.enum(EFFORTS)),
  /** Share of useful answers over all kinds of requests, as it answers when nobody names an effort; and its standard deviation. */
  expected: z.object({ success: z.number(), success_sd: z.number() }),
  /** What has changed that since the beginning: how many answers were scored, and how many each hint was given of. */
  learnt_from: z.partialRecord(z.enum(SAYINGS), z.number()),
  /** By task class, and why. */
  beliefs: z.partialRecord(z.enum(TASK_CLASSES), beliefSchema).default({}),
  /** Where figures of this model were published, with their dates. */
  belief_sources: z.array(z.string()).default([]),
})

export type ShownDeployment = z.infer<typeof shownDeploymentSchema>

/** `now`: reading of the fleet's clock. */
export function shownDeployment(deployment: Deployment, now: number): ShownDeployment {
  const { id, backend, model, facts, live, targets, residency } = deployment
  const { price } = facts
  const overall = overallSuccess(targets[0]!.arm)
  return {
    id,
    backend: backend.name,
    kind: backend.provider.kind,
    local: isLocal(deployment),
    model,
    aliases: [...facts.aliases],
    state: live.state,
    reason: live.reason,
    context_tokens: facts.context,
    context_from: facts.contextFrom,
    trained_context_tokens: facts.trainedContext,
    loaded: residency.loaded === true ? isLoaded(residency, now) : residency.loaded,
    load_seconds: residency.until === Infinity && residency.loaded === true ? null : rounded(residency.loadSeconds),
    slots: facts.slots,
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
    ...abilitiesOf(deployment, now),
    efforts: [...facts.efforts],
    expected: { success: rounded(overall.success), success_sd: rounded(overall.doubt) },
    learnt_from: learntFrom(targets),
    ...beliefsOf(deployment),
  }
}

/** At all efforts together. */
function learntFrom(targets: Deployment['targets']): ShownDeployment['learnt_from'] {
  const counts = SAYINGS.map((saying) => [saying, targets.reduce((sum, { arm }) => sum + arm.said[saying], 0)] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000

/** Verdicts that a guess is worth of which nobody knows how good it is. */
const GUESS = 6

function beliefsOf({
  backend,
  model,
  facts,
  targets,
}: Deployment): Pick<ShownDeployment, 'beliefs' | 'belief_sources'> {
  const known = catalogueOf(backend.provider, model)?.belief ?? null
  const beliefs: ShownDeployment['beliefs'] = {}
  let told = false
  for (const [one, { success, verdicts }] of classSuccess(targets[0]!.arm)) {
    const said = facts.quality[one] ?? facts.quality['default']
    const guess = facts.price === null ? 'nothing' : 'price'
    const listed = known !== null && said === known.quality[one]
    const from = said === undefined ? guess : listed ? known.origin : 'operator'
    const figures = listed ? known.figures[one]! : 0
    told ||= listed && known.origin === 'figures'
    const scatter = success * (1 - success)
    const sure = listed ? 1 / known.doubt[one]! ** 2 : GUESS / scatter
    beliefs[one] = {
      success: rounded(success),
      success_sd: rounded(1 / Math.sqrt(sure + verdicts / scatter)),
      from,
      figures,
      verdicts: Math.round(10 * verdicts) / 10,
    }
  }
  return { beliefs, belief_sources: told ? [...known!.sources] : [] }
}

/** What it refused lately it has not, unless the operator or the engine itself says that it has. */
function abilitiesOf(
  { facts, health }: Deployment,
  now: number,
): Pick<ShownDeployment, 'capabilities' | 'capabilities_from'> {
  const capabilities = { ...facts.capabilities }
  const from = { ...facts.capabilitiesFrom }
  for (const skill of CAPABILITIES) {
    if ((health.unsupportedUntil.get(skill) ?? 0) <= now || from[skill] === 'operator' || from[skill] === 'engine')
      continue
    capabilities[skill] = false
    from[skill] = 'observed'
  }
  return { capabilities, capabilities_from: from }
}
