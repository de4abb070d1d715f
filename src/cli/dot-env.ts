/** The configuration of a command, and the `.env` beside it. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dotEnvOf } from '../config/dot-env.ts'
import { ConfigError } from '../config/issues.ts'
import { findConfig } from '../config/load.ts'
import type { DotEnv, Io } from './io.ts'

/** With the variables of the `.env` beside the configuration, or in the working folder where there is none. `asked`: the value of --config. Throws a ConfigError. */
export async function withDotEnv(asked: string | undefined, io: Io): Promise<Io> {
  const file = await findConfig(asked, io.env, io.cwd)
  const path = join(file === null ? io.cwd : dirname(file), '.env')
  const found = await readIfThere(path)
  if (found === null) return io
  if (typeof found === 'string') return noting(io, { path, taken: [], warnings: [`${path} cannot be read (${found})`] })
  const values = valuesOf(found.text, path, file !== null)
  if (typeof values === 'string') return noting(io, { path, taken: [], warnings: [values] })
  // An empty variable says nothing, here as everywhere.
  const taken = Object.keys(values).filter((name) => (io.env[name] ?? '') === '')
  const env = { ...io.env, ...Object.fromEntries(taken.map((name) => [name, values[name]])) }
  const bare = found.open && process.platform !== 'win32' && Object.keys(values).some((name) => SECRET.test(name))
  const warnings = bare ? [`${path} holds keys and others can read it: chmod 600 ${path}`] : []
  return noting({ ...io, env }, { path, taken, warnings })
}

/** Beside no configuration it may be another program's: then a warning says why it is not read. Throws a ConfigError. */
function valuesOf(text: string, path: string, own: boolean): Readonly<Record<string, string>> | string {
  try {
    return dotEnvOf(text, path)
  } catch (thrown) {
    if (own || !(thrown instanceof ConfigError)) throw thrown
    return `${path} is not read: ${thrown.message}`
  }
}

const noting = (io: Io, dotEnv: DotEnv): Io => ({ ...io, dotEnv })

const SECRET = /KEY|TOKEN|SECRET|PASSWORD/i

interface Read {
  readonly text: string
  /** Group or others may read it. */
  readonly open: boolean
}

/** Null: it is not there. A folder of this name is something else. Why it cannot be read: a code of the system. */
async function readIfThere(path: string): Promise<Read | string | null> {
  try {
    const { mode } = await stat(path)
    return { text: await readFile(path, 'utf8'), open: (mode & 0o044) !== 0 }
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException
    return ['ENOENT', 'EISDIR', 'ENOTDIR'].includes(code) ? null : code
  }
}
