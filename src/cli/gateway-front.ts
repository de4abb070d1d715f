/** What a gateway says of itself at `GET /`, to anybody. */
import { z } from 'zod'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { headlineSchema } from '../observe/headline/headline.ts'

/** `last_hour` is missing where callers need a key. */
const front = z.object({ name: z.literal('turnout'), last_hour: headlineSchema.optional() })

export type Front = Readonly<z.output<typeof front>>

const LIMIT_MS = 5_000

/** Null: something answers that is no Turnout of this version. Rejects where nothing does. */
export async function gatewayFront(url: string): Promise<Front | null> {
  const client = new HttpClient({ connectMs: LIMIT_MS })
  const call = {
    method: 'GET',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(LIMIT_MS),
  } as const
  try {
    const { text } = await client.call({ ...call, url: `${url}/` })
    return front.safeParse(jsonOf(text)).data ?? null
  } finally {
    await client.destroy()
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
