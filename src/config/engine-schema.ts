/** How an engine of this machine is started, and what engines share: `backends[].engine` and `engine_groups`. */
import { z } from 'zod'
import { count, name, text, texts } from '../core/options/kinds.ts'
import { described } from '../core/options/option.ts'
import { duration, durationText, volume } from '../core/units.ts'
import { DEFAULT_ENGINE_GROUP } from './defaults.ts'

export const engine = z.strictObject({
  command: z.union([text, texts]).meta({
    description:
      'program and arguments, as a list or a line, run without a shell; `{port}` and `{host}` are those of `url`',
  }),
  env: described(
    z.record(text, z.string()),
    'environment variables, in addition to those of the gateway that do not look like secrets (KEY, TOKEN, SECRET, PASSWORD)',
  ),
  cwd: described(text, 'working directory', 'that of this file'),
  ttl: described(duration, 'idle time after which it is stopped; it keeps running where absent'),
  group: described(name, 'engines in one group share a resource, such as a GPU, that not all of them can use at once'),
  start: described(duration, 'longest time until it answers; `limits.load` where absent'),
  memory: described(volume, 'memory that it needs, for a group with `memory`'),
})

export const engineGroup = z.strictObject({
  members: described(
    count,
    'engines that may run at a time; with `memory`, as many as fit',
    DEFAULT_ENGINE_GROUP.members,
  ),
  memory: described(volume, 'memory that they may use together'),
  turn: described(
    duration,
    'how long a running engine serves its own requests before it makes room for another one',
    durationText(DEFAULT_ENGINE_GROUP.turnMs),
  ),
})
