/** The place that the configuration names for answers. */
import type { Redis } from 'ioredis'
import type { AnswersSpec } from '../core/settings.ts'
import { Answers } from './answers.ts'
import { FolderPlace } from './folder-place.ts'
import { MemoryPlace } from './memory-place.ts'
import { RedisPlace } from './redis-place.ts'

/** As long as OpenAI keeps them. */
const KEPT_MS = 30 * 86_400_000

/** `redis`: the one that gateways share. Null: none are kept. Rejects where a folder cannot be used. */
export async function openAnswers({ place, maxBytes }: AnswersSpec, redis: Redis | null): Promise<Answers | null> {
  if (place === 'none') return null
  if (place === 'memory') return new Answers(new MemoryPlace(maxBytes))
  if (place === 'redis') return redis === null ? null : new Answers(new RedisPlace(redis, maxBytes, KEPT_MS))
  return new Answers(await FolderPlace.open(place.folder, maxBytes))
}
