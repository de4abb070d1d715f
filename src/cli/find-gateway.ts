/** Which gateway a command is about, and whether it asks callers for a key: the gateway says so where it runs, else its configuration. */
import { DEFAULT_SERVER } from '../config/defaults.ts'
import { needKnown } from '../config/view.ts'
import { asksForKeys } from '../keys/asks-for-keys.ts'
import type { Config } from '../core/settings.ts'
import { transportReason } from '../core/transport.ts'
import { baseUrl, GATEWAY_URL } from './base-url.ts'
import type { Io } from './io.ts'
import { viewed } from './viewed.ts'
import { gatewayFront } from './gateway-front.ts'
import { ownUrl } from './own-url.ts'
import { Refused } from './refused.ts'

export interface GatewayOptions {
  readonly url?: string | undefined
  readonly config?: string | undefined
}

export interface FoundGateway {
  /** Without a path. */
  readonly url: string
  readonly keyed: boolean
  /** Why it does not answer, in a few words; null: it does. */
  readonly silent: string | null
}

/** Throws a ConfigError, a Refused for a wrong address, a NoGateway for a server that is none. */
export async function findGateway(options: GatewayOptions, io: Io): Promise<FoundGateway> {
  const config = options.url === undefined ? await configOf(options.config, io) : null
  const url = options.url === undefined ? gatewayUrl(config, io) : baseUrl(options.url, GATEWAY_URL)
  try {
    const front = await gatewayFront(url)
    if (front === null) throw new NoGateway(`${url} is not a Turnout gateway of this version`)
    return { url, keyed: front.last_hour === undefined, silent: null }
  } catch (thrown) {
    if (thrown instanceof NoGateway) throw thrown
    return { url, keyed: config !== null && asksForKeys(config), silent: transportReason(thrown) }
  }
}

/** Whatever is there cannot be asked. */
export class NoGateway extends Refused {}

async function configOf(asked: string | undefined, io: Io): Promise<Config | null> {
  const found = await viewed(asked, io)
  if (found !== null) needKnown(found.config, found.file, 'server.host', 'server.port')
  return found?.config ?? null
}

/** As `turnout serve` listens, options of its command line aside. */
export function gatewayUrl(config: Pick<Config, 'server'> | null, { env }: Pick<Io, 'env'>): string {
  const { host, port } = config?.server ?? DEFAULT_SERVER
  return ownUrl({ host: env['TURNOUT_HOST'] || host, port: Number(env['TURNOUT_PORT'] || port) })
}
