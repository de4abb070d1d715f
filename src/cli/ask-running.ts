/** Asks the gateway that runs, where there is one to ask; standard error says so, and why not. */
import { wrapped } from '../core/wrapped.ts'
import type { Asked } from './ask-gateway.ts'
import { findGateway, NoGateway } from './find-gateway.ts'
import type { Io } from './io.ts'

export interface WhoAsks {
  readonly url: string | undefined
  readonly config: string | undefined
  /** Of --key. */
  readonly key: string | undefined
}

export const keyOf = ({ key }: Pick<WhoAsks, 'key'>, { env }: Io): string | undefined =>
  key ?? (env['TURNOUT_KEY'] || undefined)

/** Null: no gateway is to be asked, since there is none at the address of the configuration, or a configuration was named. */
export async function askRunning<V>(who: WhoAsks, io: Io, ask: (asked: Asked) => Promise<V>): Promise<V | null> {
  const key = keyOf(who, io)
  if (who.url !== undefined) return await ask({ url: who.url, key })
  if (who.config !== undefined) return null
  try {
    const { url, keyed, silent } = await findGateway({}, io)
    if (silent !== null) throw new NoGateway(`no gateway at ${url} (${silent})`)
    if (keyed && key === undefined) throw new NoGateway(`${url} asks for a key (TURNOUT_KEY or --key)`)
    const answer = await ask({ url, key })
    io.stderr.write(`asked the gateway at ${url}\n`)
    return answer
  } catch (thrown) {
    if (!(thrown instanceof NoGateway)) throw thrown
    io.stderr.write(wrapped(`${thrown.message}: worked out here`, 80))
    return null
  }
}
