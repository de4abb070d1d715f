/** The text of a configuration file, or why there is none and what to write instead. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { nearestWord } from '../core/did-you-mean.ts'
import { ConfigError } from './issues.ts'

/** What a configuration is called where nobody names one. */
export const FILE_NAME = 'turnout.yaml'

type Env = Readonly<Record<string, string | undefined>>

/** Throws a ConfigError, about TURNOUT_CONFIG where that names the file. */
export async function fileText(file: string, { TURNOUT_CONFIG: named = '' }: Env): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    const path = named !== '' && resolve(named) === file ? 'TURNOUT_CONFIG' : ''
    throw new ConfigError([{ path, message: await why(file, (thrown as NodeJS.ErrnoException).code) }], file)
  }
}

async function why(file: string, code = 'unknown error'): Promise<string> {
  if (code === 'EISDIR') return `is a folder; add the name of the file in it, like ${join(file, FILE_NAME)}`
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be read: this user may not; change its owner or its mode'
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return `cannot be read (${code})`
  const near = await nearFile(file)
  return `cannot be read: there is no such file; ${near === null ? 'write the path of one, or leave it out' : `did you mean ${near}?`}`
}

/** The name of a file in the same folder that was meant: another ending, or a typo. */
export async function nearFile(file: string): Promise<string | null> {
  const folder = dirname(file)
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(ya?ml|json|toml)$/i.test(name))
  const stem = (name: string): string => name.replace(/\.[^.]*$/, '').toLowerCase()
  const wanted = stem(basename(file))
  const meant = nearestWord(wanted, names.map(stem))
  return names.find((name) => stem(name) === wanted) ?? names.find((name) => stem(name) === meant) ?? null
}
