/** What the file says of one backend. */
import { z } from 'zod'
import { keyed } from '../core/keyed.ts'
import { name, text, time, usd, count } from '../core/options/kinds.ts'
import { described, zodShapeOf } from '../core/options/option.ts'
import { BACKEND_OPTIONS, LANE_LIMITS } from '../core/options/options.ts'
import { ON_ABORT } from '../core/provider.ts'
import { rateOption, TOKEN_KINDS, TOKENS } from '../core/tokens.ts'
import { DEFAULT_QUEUE, MOST_WAITING } from './defaults.ts'
import { engine } from './engine-schema.ts'

const rates = keyed(TOKEN_KINDS.map(rateOption), (_, place) =>
  described(usd, `USD for a million ${TOKENS[TOKEN_KINDS[place]!].priced}`),
)

export const price = z.strictObject({
  ...rates,
  tiers: described(
    z.array(z.strictObject({ above_input_tokens: count.meta({ description: 'input of the request' }), ...rates })),
    'other prices for the whole of a request whose input is longer',
  ),
  service_tiers: described(
    z.record(text, usd),
    'factors on the whole price, by the service_tier of the answer, such as flex: 0.5',
  ),
  per_request_usd: described(usd, 'USD for each answer, in addition to its tokens'),
  per_gpu_hour_usd: described(usd, 'USD for an hour of this engine'),
})

const backendKey = z.strictObject({
  key: z.string().meta({ description: 'secret; write "${NAME}"' }),
  name: described(name, 'what logs and metrics call it, instead of its position'),
  ...zodShapeOf(LANE_LIMITS),
})

const backendLimits = z.strictObject({
  ...zodShapeOf(LANE_LIMITS),
  queue: described(
    z.int().min(0, 'is negative; write 0 or more').max(MOST_WAITING, `is more than ${MOST_WAITING}; write less`),
    'requests that may wait in the gateway; if set without `parallel`, the slots that the engine reports limit the open calls',
    DEFAULT_QUEUE.queue,
  ),
  queue_wait: time('longest time that a request waits', DEFAULT_QUEUE.queueWaitMs),
})

export const backend = z
  .strictObject({
    name: name.meta({ description: 'first part of backend/model' }),
    kind: text.meta({ description: 'a file of config/providers/' }),
    url: described(text, 'scheme and host, with or without /v1; clouds have one of their own'),
    path_as_is: described(
      z.boolean(),
      'the path of `url` is complete, nothing is put between it and /chat/completions; so is one that ends in a version, like /api/v3',
      false,
    ),
    key: described(z.string(), 'secret; write "${NAME}"; "$${" is a literal "${"'),
    keys: described(
      z.array(z.union([z.string(), backendKey])).min(1, 'is empty; write at least one, or `key`'),
      'several keys for one provider instead of `key`: each call uses the key with the most room, and a refused key (401, 429) rests on its own',
    ),
    limits: described(
      backendLimits,
      'the most that it is sent, per key if there are several; further requests go elsewhere or wait in a queue',
    ),
    price: described(price, 'of each model that has no price of its own under `models`'),
    include_usage: described(z.boolean(), 'ask for usage in streams; false for engines that refuse stream_options'),
    loads_on_demand: described(
      z.boolean(),
      'it loads models on request, as a llama.cpp router does; Ollama, LM Studio and llama-swap always do',
      false,
    ),
    on_abort: described(
      z.enum(ON_ABORT),
      'a stream whose caller disconnected: stop it (cancel), read it to its usage (drain), or count it as charged in full (estimate)',
      'cancel',
    ),
    engine: described(engine, 'how the gateway starts it on demand; list its `models`'),
    ...zodShapeOf(BACKEND_OPTIONS),
  })
  .superRefine(({ key, keys }, context) => {
    if (key !== undefined && keys !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['keys'],
        message: 'stands beside `key`; write all of them here, or one `key`',
      })
    for (const [index, one] of (keys ?? []).entries()) {
      const own = typeof one === 'string' ? undefined : one.name
      const first = (keys ?? []).findIndex((other) => typeof other !== 'string' && other.name === own)
      if (own !== undefined && first < index)
        context.addIssue({
          code: 'custom',
          path: ['keys', index, 'name'],
          message: `"${own}" is taken by keys[${first}]; names must differ`,
        })
    }
  })
