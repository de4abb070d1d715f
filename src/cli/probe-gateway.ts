/** Asks a running gateway one short question in each API that it speaks, whole and streamed. */
import { HttpClient } from '../backends/upstream/http-client.ts'
import { transportReason } from '../core/transport.ts'
import { API_NAMES, type ApiName, faultOf, type Probe, PROBES, refusalOf } from '../formats/probes.ts'

export interface Probing {
  readonly url: string
  readonly model: string
  readonly key: string | undefined
  /** For one answer, ms. */
  readonly limitMs: number
}

export interface Outcome {
  /** Null: no answer came. */
  readonly status: number | null
  readonly ms: number
  /** What is wrong, in words; null: it works. */
  readonly fault: string | null
}

export interface Probed {
  readonly api: ApiName
  readonly whole: Outcome
  readonly streamed: Outcome
}

/** One after the other: a small engine that is asked ten things at once is slow at all of them. */
export async function probeGateway(probing: Probing): Promise<Probed[]> {
  const client = new HttpClient({ connectMs: probing.limitMs })
  try {
    const rows: Probed[] = []
    for (const api of API_NAMES) {
      const whole = await ask(PROBES[api], false, probing, client)
      rows.push({ api, whole, streamed: await ask(PROBES[api], true, probing, client) })
    }
    return rows
  } finally {
    await client.destroy()
  }
}

async function ask(probe: Probe, streamed: boolean, probing: Probing, client: HttpClient): Promise<Outcome> {
  const { url, model, key, limitMs } = probing
  const startedAt = performance.now()
  const took = (): number => performance.now() - startedAt
  try {
    const { status, text } = await client.call({
      url: url + probe.path(model, streamed),
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-turnout-agent': 'turnout-connect',
        ...probe.headers,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(probe.body(model, streamed)),
      signal: AbortSignal.timeout(limitMs),
    })
    if (status === 200) return { status, ms: took(), fault: faultOf(probe, text, streamed) }
    const refusal = refusalOf(text)
    const fault = refusal === null ? `answers ${status}` : `${refusal.code ?? status}: ${refusal.message}`
    return { status, ms: took(), fault }
  } catch (thrown) {
    return { status: null, ms: took(), fault: transportReason(thrown) }
  }
}
