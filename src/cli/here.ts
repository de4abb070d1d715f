/** A gateway within this process that listens nowhere, writes nothing down, and ends with what it was asked. */
import { type App, createApp } from '../app.ts'
import { loadKnown } from '../config/view.ts'
import type { Config } from '../core/settings.ts'
import type { Io } from './io.ts'
import { prepare } from './setup.ts'

/** `asked`: the value of --config. Its backends are looked at once, but for those whose keys are not set. Throws a ConfigError. */
export async function onGatewayHere<V>(
  asked: string | undefined,
  io: Io,
  use: (app: App, config: Config) => V | Promise<V>,
): Promise<V> {
  const setup = await prepare(asked, io, { load: loadKnown('admin', 'telemetry', 'store') })
  const { config } = setup
  // A gateway that runs with this configuration keeps its books there.
  const store = { ...config.store, ledger: null, redis: null }
  const app = await createApp({
    config: { ...config, store, admin: null, telemetry: null },
    logTo: { write: () => undefined },
  })
  try {
    await app.fleet.start()
    return await use(app, config)
  } finally {
    await app.close()
    await setup.close()
  }
}
