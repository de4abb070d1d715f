import type { Test } from 'tap'
import type { FaultOptions } from './fault-plan.ts'
import type { FaultUpstream } from './fault-upstream.ts'
import { startFaultUpstream } from './fault-upstream.ts'
import type { ConfigObject, Gateway, OwnGateway } from './gateway.ts'
import { hashed, startGateway } from './gateway.ts'

/** What a test adds to the usual configuration. Keys are given in clear; `backend` goes to the backend's entry. */
export interface RigOptions {
  readonly keys?: readonly {
    readonly id: string
    readonly key: string
    readonly rpm?: number
    readonly routes?: readonly string[]
  }[]
  readonly limits?: Readonly<Record<string, string | number>>
  readonly backend?: ConfigObject
}

export interface Rig {
  readonly gateway: Gateway
  readonly upstreams: Readonly<Record<string, FaultUpstream>>
}

export interface SingleRig {
  readonly gateway: Gateway
  readonly upstream: FaultUpstream
}

export interface PairRig {
  readonly gateway: Gateway
  readonly upstreams: { readonly a: FaultUpstream; readonly b: FaultUpstream }
}

/** A gateway that the test ends. */
export async function gatewayFor(test: Test, config: ConfigObject): Promise<OwnGateway> {
  const gateway = await startGateway(config)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= gateway.close())
  test.teardown(close)
  return { ...gateway, close }
}

/** Fault upstreams by name, each a backend of one gateway; `config.backends` come beside them. */
export async function rig(
  test: Test,
  {
    upstreams: wanted,
    config = {},
    backend = {},
  }: { upstreams: Record<string, FaultOptions>; config?: ConfigObject; backend?: ConfigObject },
): Promise<Rig> {
  const upstreams: Record<string, FaultUpstream> = {}
  for (const [name, options] of Object.entries(wanted)) {
    const upstream = await startFaultUpstream(options)
    upstreams[name] = upstream
    test.teardown(() => upstream.close())
  }
  const own = Object.entries(wanted).map(([name, { models = ['tiny'] }]) => ({
    name,
    kind: 'openai-compatible',
    url: upstreams[name]?.url,
    models,
    ...backend,
  }))
  const others = (config.backends ?? []) as readonly ConfigObject[]
  const gateway = await gatewayFor(test, { ...config, backends: [...own, ...others] })
  return { gateway, upstreams }
}

/** One gateway before one upstream, which is the backend `up` and serves `tiny`. */
export async function singleRig(
  test: Test,
  options: FaultOptions = {},
  { keys, limits, backend }: RigOptions = {},
): Promise<SingleRig> {
  const config = {
    ...(limits ? { limits } : {}),
    ...(keys ? { keys: keys.map(({ key, ...rest }) => ({ ...rest, hash: hashed(key) })) } : {}),
  }
  const { gateway, upstreams } = await rig(test, {
    upstreams: { up: options },
    config,
    ...(backend ? { backend } : {}),
  })
  return { gateway, upstream: upstreams.up as FaultUpstream }
}

/** Two upstreams, and a route `pair` that asks `a` first, then `b`. */
export async function pairRig(test: Test, { limits }: RigOptions = {}): Promise<PairRig> {
  const routes = [{ name: 'pair', candidates: ['a/*', 'b/*'], strategy: 'ordered' }]
  const { gateway, upstreams } = await rig(test, {
    upstreams: { a: {}, b: {} },
    config: { routes, ...(limits ? { limits } : {}) },
  })
  return { gateway, upstreams: { a: upstreams.a as FaultUpstream, b: upstreams.b as FaultUpstream } }
}
