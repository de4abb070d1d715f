/** Committed -> caller. One path for streamed and whole answers; it resolves when the answer has ended and never rejects. */
import type { Total } from '../core/settlement.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Exchange } from '../backends/upstream/exchange.ts'
import { totalHeaders } from './headers.ts'
import type { PieceRecoder } from '../formats/format.ts'
import type { ResponseWriter } from './response-writer.ts'
import { Recoding, type Target } from './recoding.ts'

export interface Relayed {
  readonly exchange: Exchange
  /** The whole answer as the caller should see it; null where it comes in pieces. */
  readonly body: Buffer | null
  /** What its pieces go through; null: they go on as they came. */
  readonly recoder: PieceRecoder | null
}

/** Null where the answer was complete, else why it was not. `total`: of a whole answer, for its headers. */
export function relay(
  { exchange, body, recoder }: Relayed,
  outlet: ResponseWriter,
  total: () => Total,
): Promise<GatewayError | null> {
  if (body !== null) {
    const { left } = exchange
    if (left === null) outlet.json(body, totalHeaders(total()))
    else outlet.abandon()
    return Promise.resolve(left)
  }
  return new Promise((resolve) => {
    const streamed = exchange.streamed
    if (!streamed) outlet.bytesThrough(exchange.contentType)
    const resume = (): void => exchange.resume()
    const sink: Target = {
      drained: (then) => outlet.drained(then),
      write: (bytes) => outlet.write(bytes),
      end() {
        if (streamed) outlet.done()
        else outlet.close()
        resolve(null)
      },
      fail(error) {
        if (error.code === 'client_closed') outlet.abandon()
        else outlet.fail(error)
        resolve(error)
      },
    }
    if (recoder !== null) return exchange.attach(new Recoding(recoder, sink, resume))
    exchange.attach({
      ...sink,
      write(bytes) {
        if (outlet.write(bytes)) return true
        outlet.drained(resume)
        return false
      },
    })
  })
}
