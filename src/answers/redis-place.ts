/** Records in the Redis that gateways share. It is as large as Redis lets it be; what is old expires. */
import type { Redis } from 'ioredis'
import { AMBIGUOUS, type AnswerPlace } from './places.ts'

const KEY = 'turnout:answer:'

export class RedisPlace implements AnswerPlace {
  readonly #redis: Redis
  readonly #most: number
  readonly #keptMs: number
  readonly #pending = new Map<string, Buffer>()

  /** `most`: bytes of one record. `keptMs`: for so long. */
  constructor(redis: Redis, most: number, keptMs: number) {
    this.#redis = redis
    this.#most = most
    this.#keptMs = keptMs
  }

  /** Null also where Redis is away. */
  async get(name: string): Promise<Buffer | null> {
    const pending = this.#pending.get(name)
    if (pending !== undefined) return pending
    const record = await this.#redis.getBuffer(KEY + name).catch(() => null)
    return record === null || record.length === 0 ? null : record
  }

  put(name: string, record: Buffer): void {
    if (record.length > this.#most) return
    this.#pending.set(name, record)
    void this.#write(name, record)
      .catch(() => undefined)
      .then(() => this.#pending.delete(name))
  }

  async #write(name: string, record: Buffer): Promise<void> {
    const first = await this.#redis.set(KEY + name, record, 'PX', this.#keptMs, 'NX')
    if (first === null) await this.#redis.set(KEY + name, AMBIGUOUS, 'PX', this.#keptMs)
  }

  async delete(name: string): Promise<boolean> {
    this.#pending.delete(name)
    return (await this.#redis.del(KEY + name).catch(() => 0)) > 0
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
