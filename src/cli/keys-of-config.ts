/** All keys that a configuration leads to: its own, and those of its key file. */
import type { Config } from '../core/settings.ts'
import { KeyStore } from '../keys/key-store.ts'
import type { Io } from './io.ts'

/** What is odd about the file is written to stderr, after `command`. Throws a KeyFileError where it cannot be read. */
export async function keysOfConfig({ keys, store, routes }: Config, command: string, io: Io): Promise<KeyStore> {
  const all = new KeyStore({
    fixed: keys,
    file: store.keys,
    routes: routes.map(({ name }) => name),
    emit: ({ event, ids, why }) =>
      void io.stderr.write(
        `${command}: ${event === 'keys_ignored' ? `ignored: ${ids?.join(', ') ?? ''}` : 'the key file'}: ${why ?? ''}\n`,
      ),
  })
  await all.load()
  return all
}
