/** An attempt that answers -> caller. One path for streamed and whole answers. */
import type { RequestLife } from '../accounting/request-life.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import { totalHeaders } from './headers.ts'
import { Recoding, type RecodedSink } from './recoding.ts'
import type { ResponseWriter } from './response-writer.ts'

/** Null: the answer has ended. Else it goes on: resolves at its end. Fails with the GatewayError that it broke off by, of which nothing is written yet. */
export function relay(attempt: Attempt, writer: ResponseWriter, life: RequestLife): Promise<void> | null {
  const { exchange, body, recoder } = attempt
  if (body !== null) {
    if (exchange.left !== null) throw exchange.left
    writer.json(body, totalHeaders(life.summary.total))
    return null
  }
  return new Promise((resolve, reject) => {
    const { streamed } = exchange
    if (!streamed) writer.bytesThrough(exchange.contentType)
    const resume = (): void => exchange.resume()
    const sink: RecodedSink = {
      drained: (then) => writer.drained(then),
      write: (bytes) => writer.write(bytes),
      end() {
        if (streamed) writer.done()
        else writer.close()
        resolve()
      },
      fail: reject,
    }
    if (recoder !== null) return exchange.attach(new Recoding(recoder, sink, resume))
    exchange.attach({
      ...sink,
      write(bytes) {
        if (writer.write(bytes)) return true
        writer.drained(resume)
        return false
      },
    })
  })
}
