/** How an engine of this machine is started, and what engines share: `backends[].engine` and `engine_groups`. */
import { z } from 'zod'
import { count, name, text, texts } from '../core/options/kinds.ts'
import { described } from '../core/options/option.ts'
import { duration, durationText, volume } from '../core/units.ts'
import { DEFAULT_ENGINE_GROUP } from './defaults.ts'

export const engine = z.strictObject({
  command: z.union([text, texts]).meta({
    description:
      'program and arguments, as a list or a line; no shell reads them; `{port}` and `{host}` are those of `url`',
  }),
  env: described(
    z.record(text, z.string()),
    'variables for it, beside those of the gateway whose names do not say that they are secrets (KEY, TOKEN, SECRET, PASSWORD)',
  ),
  cwd: described(text, 'folder that it runs in', 'that of this file'),
  ttl: described(duration, 'time without a request after which it is stopped; without it, it stays'),
  group: described(name, 'engines of one group share what not all of them can have at a time, as one GPU'),
  start: described(duration, 'until it answers; as long as `limits.load` where absent'),
  memory: described(volume, 'what it takes, for a group that counts memory'),
})

export const engineGroup = z.strictObject({
  members: described(
    count,
    'engines that may run at a time; with `memory` as many as fit',
    DEFAULT_ENGINE_GROUP.members,
  ),
  memory: described(volume, 'what they may take together'),
  turn: described(
    duration,
    'how long requests of an engine that runs go before those that need another one',
    durationText(DEFAULT_ENGINE_GROUP.turnMs),
  ),
})
