/** Records in the Redis that gateways share. It is as large as Redis lets it be; what is old expires. */
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { GatewayError } from '../core/errors.ts'
import { AMBIGUOUS, type AnswerPlace } from './places.ts'

const KEY = 'turnout:answer:'

/** What another gateway keeps is on its way for so long: its caller has the answer before Redis has it. */
const ON_ITS_WAY_MS = 50

/** A second record of a name makes both unknown. */
const PUT = `
if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then
  redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
end
`

/** 1: there was one. */
const DELETE = `
local known = redis.call('STRLEN', KEYS[1]) > 0
redis.call('DEL', KEYS[1])
return known and 1 or 0
`

/** Redis does in order what one client asks of it: what was put is there for whoever looks next. */
export class RedisPlace implements AnswerPlace {
  readonly #redis: Redis
  readonly #most: number
  readonly #keptMs: number
  /** On their way to Redis, and their bytes. */
  readonly #writes = new Set<Promise<void>>()
  #bytes = 0

  /** `most`: bytes of one record, and of all that are on their way. `keptMs`: for so long. */
  constructor(redis: Redis, most: number, keptMs: number) {
    this.#redis = redis
    this.#most = most
    this.#keptMs = keptMs
  }

  async get(name: string): Promise<Buffer | null> {
    const look = (): Promise<Buffer | null> => this.#redis.getBuffer(KEY + name).catch(cannotBeAsked)
    let record = await look()
    if (record === null) {
      await setTimeout(ON_ITS_WAY_MS)
      record = await look()
    }
    return record === null || record.length === 0 ? null : record
  }

  /** Where Redis is away, or too much is on its way to it, the record is not kept: nobody waits for it. */
  put(name: string, record: Buffer): void {
    const kept = this.#bytes + record.length > this.#most ? AMBIGUOUS : record
    this.#bytes += kept.length
    const written = this.#redis
      .eval(PUT, 1, KEY + name, kept, this.#keptMs)
      .catch(() => undefined)
      .then(() => {
        this.#bytes -= kept.length
        this.#writes.delete(written)
      })
    this.#writes.add(written)
  }

  async delete(name: string): Promise<boolean> {
    return (await this.#redis.eval(DELETE, 1, KEY + name).catch(cannotBeAsked)) === 1
  }

  async close(): Promise<void> {
    await Promise.all(this.#writes)
  }
}

function cannotBeAsked(thrown: unknown): never {
  const message = 'The Redis in which answers are kept cannot be asked at the moment; send the whole conversation.'
  throw new GatewayError('answer_store_unavailable', message, { retryAfterMs: 1_000, cause: thrown })
}
