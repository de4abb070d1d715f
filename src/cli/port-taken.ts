/** Who has the port that the gateway wants to listen on, and what to do. */
import { isGateway, recognise } from '../backends/fleet/recognise.ts'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { DEFAULT_ADMIN } from '../config/defaults.ts'
import { loadProviders } from '../config/providers.ts'
import { wrapped } from '../core/wrapped.ts'
import { WIDTH } from './help-text.ts'
import { ownUrl } from './own-url.ts'

interface Wanted {
  readonly host: string
  readonly port: number
}

/** How long whoever is there may take to say what it is. */
const LIMIT_MS = 3_000

export async function portTaken(wanted: Wanted): Promise<string> {
  const { host, port } = wanted
  const next = port < 65535 && port + 1 !== DEFAULT_ADMIN.port ? port + 1 : port - 1
  const remedy = `write another port, like --port ${next}, or --port 0 for a free one`
  return wrapped(`${host}:${port} is taken by ${await holderOf(wanted)}; stop it, or ${remedy}`, WIDTH).trimEnd()
}

async function holderOf(wanted: Wanted): Promise<string> {
  const kinds = [...(await loadProviders()).values()]
  const client = new HttpClient({ connectMs: LIMIT_MS })
  const signal = AbortSignal.timeout(LIMIT_MS)
  const root = ownUrl(wanted)
  try {
    const { text } = await client.call({
      url: `${root}/`,
      method: 'GET',
      headers: { accept: 'application/json' },
      signal,
    })
    if (isGateway(text)) return 'another Turnout'
    const engine = await recognise(root, kinds, null, { client, signal })
    return engine === null ? 'another program, which speaks HTTP' : engine.label
  } catch {
    return 'another program'
  } finally {
    await client.destroy()
  }
}
