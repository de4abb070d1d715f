import { findConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import { type ConfigView, loadView } from '../config/view.ts'
import type { Io } from './io.ts'

export interface Viewed {
  readonly file: string
  readonly config: ConfigView
}

/** The configuration for a command that only looks at it: a cloud key that is not set ends nothing. Null where there is none. Throws a ConfigError. */
export async function viewed(asked: string | undefined, io: Io): Promise<Viewed | null> {
  const file = await findConfig(asked, io.env, io.cwd)
  return file === null ? null : { file, config: (await loadView(file, io.env, await loadProviders())).config }
}
