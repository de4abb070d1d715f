/** What Hugging Face's API says of GGUF files. Another server with the same API: HF_ENDPOINT, as for its own tools. */
import { z } from 'zod'
import { HttpClient } from '../../backends/upstream/http-client.ts'
import { transportReason } from '../../core/transport.ts'
import type { Io } from '../io.ts'
import { Refused } from '../refused.ts'
import { isLaterPart, partsOf } from './parts.ts'
import { quantOf } from './quant.ts'

const LIMIT_MS = 15_000

export interface Hub {
  readonly url: URL
  readonly token: string | null
}

/** Throws a Refused. */
export function hubOf({ env }: Io): Hub {
  const text = env['HF_ENDPOINT'] || 'https://huggingface.co'
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Refused('HF_ENDPOINT is not a URL')
  return { url, token: env['HF_TOKEN'] || null }
}

/** Where a file of a repository is. */
export const fileUrl = ({ url }: Hub, repo: string, file: string): URL =>
  below(url, `/${repo}/resolve/main/${file.split('/').map(encodeURIComponent).join('/')}`)

/** A mirror may have a path of its own: `https://mirror.example/huggingface`. */
const below = ({ origin, pathname }: URL, path: string): URL =>
  new URL(`${origin}${pathname.replace(/\/+$/, '')}${path}`)

export interface HubModel {
  readonly id: string
  /** Its terms must be accepted first. */
  readonly gated: boolean
  readonly downloads: number | null
  readonly architecture: string | null
  readonly parameters: number | null
  readonly context: number | null
  readonly files: readonly HubFile[]
}

/** A model in one quantisation, in one file or several. */
export interface HubFile {
  /** Its first part. */
  readonly name: string
  /** `Q4_K_M`; null: its name does not say. */
  readonly quant: string | null
  /** Bytes of all parts. Null: unknown. */
  readonly size: number | null
  readonly parts: number
}

const listed = z.array(z.object({ id: z.string(), downloads: z.number().nullish() }))
const detailed = z.object({
  id: z.string(),
  gated: z.union([z.boolean(), z.string()]).nullish(),
  downloads: z.number().nullish(),
  gguf: z
    .object({
      total: z.number().nullish(),
      architecture: z.string().nullish(),
      context_length: z.number().nullish(),
    })
    .nullish(),
  siblings: z.array(z.object({ rfilename: z.string(), size: z.number().nullish() })).nullish(),
})

/** Models whose names or tags have these words, the most downloaded first. Throws a Refused. */
export async function searchHub(hub: Hub, words: string, limit: number): Promise<readonly HubModel[]> {
  const query = { search: words, filter: 'gguf', sort: 'downloads', direction: '-1', limit: String(limit) }
  const found = await ask(hub, '/api/models', query, listed)
  return await Promise.all(found.slice(0, limit).map(({ id }) => modelOf(hub, id)))
}

/** `repo`: `org/name`. Throws a Refused. */
export async function modelOf(hub: Hub, repo: string): Promise<HubModel> {
  const told = await ask(hub, `/api/models/${repo}`, { blobs: 'true' }, detailed)
  return {
    id: told.id,
    gated: told.gated !== undefined && told.gated !== null && told.gated !== false,
    downloads: told.downloads ?? null,
    architecture: told.gguf?.architecture ?? null,
    parameters: told.gguf?.total ?? null,
    context: told.gguf?.context_length ?? null,
    files: filesOf(new Map((told.siblings ?? []).map(({ rfilename, size }) => [rfilename, size ?? null]))),
  }
}

/** `sizes`: of all files of a repository. Without later parts, image projectors (mmproj) and importance matrices (imatrix). */
function filesOf(sizes: ReadonlyMap<string, number | null>): HubFile[] {
  return [...sizes.keys()]
    .filter((name) => /\.gguf$/i.test(name) && !isLaterPart(name) && !/(^|\/)(mmproj|imatrix)/i.test(name))
    .map((name) => {
      const parts = partsOf(name)
      const bytes = parts.map((part) => sizes.get(part) ?? null)
      const size = bytes.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0)
      return { name, quant: quantOf(name), size, parts: parts.length }
    })
    .sort((a, b) => (a.size ?? 0) - (b.size ?? 0))
}

async function ask<T>(
  { url: base, token }: Hub,
  path: string,
  query: Readonly<Record<string, string>>,
  shape: z.ZodType<T>,
): Promise<T> {
  const url = below(base, path)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const client = new HttpClient({ connectMs: LIMIT_MS })
  const headers = { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
  let answer
  try {
    answer = await client.call({ url, method: 'GET', headers, signal: AbortSignal.timeout(LIMIT_MS) })
  } catch (thrown) {
    throw new Refused(
      `${url.host} cannot be reached from here (${transportReason(thrown)}); a file on disk can still be shown`,
    )
  } finally {
    await client.destroy()
  }
  if (answer.status === 404) throw new Refused(`${url.host} has no ${path.slice(1).replace('api/models/', '')}`)
  if (answer.status === 401 || answer.status === 403)
    throw new Refused(
      `${url.host} refuses access (HTTP ${answer.status})${token === null ? '; HF_TOKEN is not set' : ''}`,
    )
  if (answer.status === 429) throw new Refused(`${url.host} limits requests (HTTP 429); try again later`)
  const told = answer.status === 200 ? shape.safeParse(parsed(answer.text)).data : undefined
  if (told === undefined)
    throw new Refused(`${url.host} answers HTTP ${answer.status}, and not as the API of Hugging Face does`)
  return told
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
