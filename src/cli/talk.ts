/** One answer of the running gateway, as it comes. */
import { HttpClient } from '../backends/upstream/http-client.ts'
import { transportReason } from '../core/transport.ts'
import { refusalOf } from '../formats/probes.ts'
import { NAMED_EVENTS, type SseFrame } from '../formats/sse.ts'
import { Refused } from './refused.ts'
import { type Said, saidIn, TALK_PATH, talkBody, type Turn } from '../formats/talk.ts'

export interface Talk {
  readonly url: string
  readonly model: string
  readonly key: string | undefined
  /** Of all turns: `turnout sessions` shows them as one. */
  readonly session: string
}

const CONNECT_MS = 5_000

/** Gives each event to `say`, and rejects with a Refused, or as `signal` was aborted. */
export async function answer(
  turns: readonly Turn[],
  talk: Talk,
  say: (said: Said) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new HttpClient({ connectMs: CONNECT_MS })
  try {
    const { status, body } = await client.open({
      url: talk.url + TALK_PATH,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-turnout-explain': '1',
        'x-turnout-agent': 'turnout-chat',
        'x-turnout-session': talk.session,
        ...(talk.key === undefined ? {} : { authorization: `Bearer ${talk.key}` }),
      },
      body: talkBody(talk.model, turns),
      signal,
    })
    if (status !== 200) throw new Refused(refusal(status, await textOf(body), talk))
    await readEvents(body, say)
  } catch (thrown) {
    if (thrown instanceof Refused || signal.aborted) throw thrown
    throw new Refused(noAnswer(talk.url, transportReason(thrown)))
  } finally {
    await client.destroy()
  }
}

export const noAnswer = (url: string, why: string): string =>
  `no gateway answers at ${url} (${why}); \`turnout serve\` starts one, --url names another`

async function readEvents(body: AsyncIterable<Buffer>, say: (said: Said) => void): Promise<void> {
  const splitter = NAMED_EVENTS.splitter()
  const tell = (frames: readonly SseFrame[]): void => {
    for (const frame of frames) {
      const said = saidIn(frame)
      say(said)
      if (said.error !== null) throw new Refused(said.error)
    }
  }
  for await (const chunk of body) {
    const frames: SseFrame[] = []
    splitter.push(chunk, frames)
    tell(frames)
  }
  const rest: SseFrame[] = []
  splitter.flush(rest)
  tell(rest)
}

function refusal(status: number, text: string, { url, key }: Talk): string {
  const said = refusalOf(text)
  if (status === 401)
    return key === undefined
      ? 'this gateway wants a key: write --key KEY, or set TURNOUT_KEY'
      : 'the gateway does not know this key: look at --key or TURNOUT_KEY'
  if (said === null) return `${url} answers ${status}, which a gateway does not: look at --url`
  return said.message
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString()
}
