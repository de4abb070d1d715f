/** A block that is being filled: requests straight into its bytes. */
import { HEAD_BYTES, writeHead } from './block-head.ts'
import { writeColumns } from './decision-fields.ts'
import { FieldWriter } from './field-writer.ts'
import { writeRequest } from './request-fields.ts'
import type { WrittenRequest } from './written-request.ts'

export class BlockWriter {
  readonly #fields: FieldWriter
  readonly firstSeq: number
  readonly startedAt: number
  #lastSeq: number
  #endedAt: number
  rows = 0

  /** `seq`, `startedAt`: of its first row. No request may have ended before. */
  constructor(room: Buffer, seq: number, startedAt: number) {
    this.#fields = new FieldWriter(room, HEAD_BYTES)
    this.firstSeq = seq
    this.startedAt = startedAt
    this.#lastSeq = seq - 1
    this.#endedAt = startedAt
    writeColumns(this.#fields)
  }

  /** Bytes so far. */
  get length(): number {
    return this.#fields.length
  }

  /** `seq`: of the first row of the request, above all before. `decision`: whether it is written. */
  add(record: WrittenRequest, seq: number, decision: boolean): void {
    this.#fields.count(seq - this.#lastSeq - 1)
    writeRequest(this.#fields, record, this.startedAt, decision)
    this.rows += record.calls + 1
    this.#lastSeq = seq + record.calls
    this.#endedAt = Math.max(this.#endedAt, record.endedAt)
  }

  /** The whole block; nothing more can be added. */
  end(): Buffer {
    const { namesAt, bytes } = this.#fields.end()
    const { firstSeq, startedAt, rows } = this
    const head = { firstSeq, lastSeq: this.#lastSeq, startedAt, endedAt: this.#endedAt, rows }
    writeHead(bytes, { ...head, namesAt: namesAt - HEAD_BYTES })
    return bytes
  }
}
