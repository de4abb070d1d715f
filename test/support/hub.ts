/** A Hugging Face of one's own: the answers of its API as it documents them, and files behind a redirect to another server, as there. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubFiles {
  /** Of a repository: what each file holds. */
  readonly [repo: string]: {
    readonly gated?: boolean | 'auto' | 'manual'
    readonly files: Readonly<Record<string, Buffer>>
  }
}

export interface Hub {
  readonly url: string
  /** Requests that came: `GET /api/models?..` with what it said of itself. */
  readonly seen: readonly {
    readonly line: string
    readonly authorization: string | null
    readonly range: string | null
  }[]
  /** The same of the server that holds the files. */
  readonly stored: Hub['seen']
  close(): Promise<void>
}

export async function startHub(repos: HubFiles): Promise<Hub> {
  const [seen, stored]: [Hub['seen'][number][], Hub['seen'][number][]] = [[], []]
  const note = (list: Hub['seen'][number][], { method, url, headers }: IncomingMessage): void => {
    list.push({ line: `${method} ${url}`, authorization: headers.authorization ?? null, range: headers.range ?? null })
  }
  const store = createServer((request, response) => {
    note(stored, request)
    const [repo, name] = decodeURIComponent((request.url ?? '').slice(1)).split('!')
    const file = repos[repo ?? '']?.files[name ?? '']
    if (file === undefined) return void response.writeHead(404).end()
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (from === '') return void response.writeHead(200).end(file)
    const end = Math.min(Number(to), file.length - 1)
    response
      .writeHead(206, { 'content-range': `bytes ${from}-${end}/${file.length}` })
      .end(file.subarray(Number(from), end + 1))
  })
  const storeUrl = await listening(store)
  const front = createServer((request, response) => {
    note(seen, request)
    answer(repos, storeUrl, request, response)
  })
  const url = await listening(front)
  return {
    url,
    seen,
    stored,
    close: async () => {
      await Promise.all([closed(front), closed(store)])
    },
  }
}

function answer(repos: HubFiles, store: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'http://hub')
  const json = (value: unknown): void =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (url.pathname === '/api/models') {
    const words = (url.searchParams.get('search') ?? '').toLowerCase().split(' ')
    const ids = Object.keys(repos).filter((id) => words.every((word) => id.toLowerCase().includes(word)))
    return json(
      ids.map((id) => ({ _id: '1', id, modelId: id, downloads: 12_345, likes: 3, tags: ['gguf'], private: false })),
    )
  }
  const [, repo] = /^\/api\/models\/(.+)$/.exec(url.pathname) ?? []
  const model = repos[repo ?? '']
  if (repo !== undefined && model !== undefined)
    return json({
      _id: '1',
      id: repo,
      gated: model.gated ?? false,
      downloads: 12_345,
      gguf: { total: 8_190_735_360, architecture: 'qwen3', context_length: 40_960, chat_template: '{{ x }}' },
      siblings: [
        { rfilename: '.gitattributes', size: 10 },
        { rfilename: 'mmproj-F16.gguf', size: 99 },
        ...Object.entries(model.files).map(([rfilename, file]) => ({ rfilename, size: file.length, blobId: 'x' })),
      ],
    })
  const [, of, name] = /^\/(.+)\/resolve\/main\/(.+)$/.exec(url.pathname) ?? []
  const gated = (repos[of ?? '']?.gated ?? false) !== false
  if (of === undefined || name === undefined)
    return void response.writeHead(404).end('{"error":"Repository not found"}')
  if (gated && request.headers.authorization === undefined) return void response.writeHead(401).end()
  response.writeHead(302, { location: `${store}/${encodeURIComponent(of)}!${name}` }).end()
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closed(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
