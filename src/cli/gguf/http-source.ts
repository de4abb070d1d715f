/** A GGUF at a URL whose server supports range requests: a few megabytes of it are read, however large it is. */
import { HttpClient, type OpenAnswer } from '../../backends/upstream/http-client.ts'
import { transportReason } from '../../core/transport.ts'
import { GgufError } from '../../gguf/gguf-error.ts'
import type { GgufSource } from '../../gguf/source.ts'

const LIMIT_MS = 30_000
/** What @huggingface/gguf asks for at once, so that each part is fetched once. */
const BLOCK = 2_000_000
const MOST_REDIRECTS = 5

/** `token`: sent to the server of the URL, and to none that it redirects to. Throws a GgufError. */
export async function httpSource(url: URL, token: string | null): Promise<GgufSource> {
  const client = new HttpClient({ connectMs: LIMIT_MS })
  let [at, size, blockFrom, block] = [url, -1, -1, new Uint8Array()]
  const fetchBlock = async (from: number): Promise<void> => {
    const { answer, from: there } = await followed(client, url, at, token, `bytes=${from}-${from + BLOCK - 1}`)
    at = there
    const [, total] = /^bytes \d+-\d+\/(\d+)$/.exec(oneOf(answer.headers['content-range'])) ?? []
    if (answer.status === 206 && total !== undefined) {
      if (size >= 0 && size !== Number(total)) throw new GgufError('it changed while it was read')
      size = Number(total)
      block = await bytesOf(answer.body, BLOCK)
      blockFrom = from
      return
    }
    await cut(answer.body)
    throw new GgufError(refusal(answer.status, token))
  }
  try {
    await fetchBlock(0)
  } catch (thrown) {
    await client.destroy()
    throw told(thrown)
  }
  return {
    name: url.href,
    size,
    read: async (from, length) => {
      const start = Math.floor(from / BLOCK) * BLOCK
      try {
        if (start !== blockFrom) await fetchBlock(start)
      } catch (thrown) {
        throw told(thrown)
      }
      return block.subarray(from - start, from - start + length)
    },
    close: () => client.destroy(),
  }
}

const told = (thrown: unknown): GgufError =>
  thrown instanceof GgufError ? thrown : new GgufError(`it cannot be downloaded: ${transportReason(thrown)}`)

function refusal(status: number, token: string | null): string {
  if (status === 200)
    return 'its server does not support range requests (HTTP 200), so all of it would have to be downloaded'
  if (status === 401 || status === 403)
    return token === null
      ? `its server wants a token (HTTP ${status}); if it is on Hugging Face, accept its terms there and set HF_TOKEN`
      : `its server refuses HF_TOKEN (HTTP ${status}); its terms may have to be accepted there first`
  return status === 404 ? 'there is no such file (HTTP 404)' : `its server answers HTTP ${status}`
}

async function followed(
  client: HttpClient,
  first: URL,
  start: URL,
  token: string | null,
  range: string,
): Promise<{ answer: OpenAnswer; from: URL }> {
  let url = start
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const own = token !== null && url.origin === first.origin
    const headers = { range, 'accept-encoding': 'identity', ...(own ? { authorization: `Bearer ${token}` } : {}) }
    const answer = await client.open({ url, method: 'GET', headers, signal: AbortSignal.timeout(LIMIT_MS) })
    const place = oneOf(answer.headers['location'])
    if (answer.status < 300 || answer.status > 399 || place === '') return { answer, from: url }
    await cut(answer.body)
    if (!URL.canParse(place, url.href)) break
    const next = new URL(place, url)
    if (!/^https?:$/.test(next.protocol) || (url.protocol === 'https:' && next.protocol === 'http:'))
      throw new GgufError(`its server redirects from ${url.protocol} to ${next.protocol}`)
    url = next
  }
  throw new GgufError('its server redirects too often')
}

const oneOf = (header: string | string[] | undefined): string => (Array.isArray(header) ? header[0] : header) ?? ''

async function bytesOf(body: AsyncIterable<Buffer>, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > most) throw new GgufError('its server sends more than it was asked for')
    parts.push(part)
  }
  return Uint8Array.from(Buffer.concat(parts))
}

/** The rest of an answer is not read. */
async function cut(body: AsyncIterable<Buffer>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}
