/** What stands before the upstream, in turn. */
import { spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Configuration, type ConfigurationName, CONFIGURATIONS } from './configurations.ts'

/** Those that are not Turnout. */
export const OTHERS = ['direct', 'nginx', 'fastify', 'node'] as const
type OtherName = (typeof OTHERS)[number]
type BaseName = `base-${ConfigurationName}`
export type Name = OtherName | ConfigurationName | BaseName

export const configurationNames = Object.keys(CONFIGURATIONS) as ConfigurationName[]
/** The same configuration of the other build. */
export const baseOf = (name: ConfigurationName): BaseName => `base-${name}`

/** How Turnout is set up where the contender is one; else null. */
export function setupOf(name: Name): { readonly configuration: Configuration; readonly base: boolean } | null {
  for (const own of configurationNames) {
    const configuration = CONFIGURATIONS[own]
    if (name === own) return { configuration, base: false }
    if (name === baseOf(own)) return { configuration, base: true }
  }
  return null
}

export interface Site {
  /** Root of the package. */
  readonly root: string
  /** For configurations and logs; the runner removes it. */
  readonly scratch: string
  readonly upstreamPort: number
  readonly core: number | null
  /** The caller's key. */
  readonly token: string
  /** Command line of another build of Turnout, measured beside this one; null = there is none. */
  readonly base: string | null
  /** Folder for CPU profiles of contenders that run on Node; null = none are taken. */
  readonly profiles: string | null
}

/** What Turnout keeps of its requests, and the command that reads it. */
export interface Books {
  readonly command: string
  readonly config: string
  readonly log: string
  readonly ledger: boolean
}

export interface Running {
  readonly name: Name
  readonly port: number
  /** The model that is asked for, and how many may answer. */
  readonly model: string
  readonly models: number
  /** Null for `direct`, which has no process. */
  readonly process: ChildProcess | null
  /** Whether it runs on Node: it can say what it allocated, and is slow until it has been compiled. */
  readonly onNode: boolean
  readonly books: Books | null
  close(): Promise<void>
}

/** Version of a contender, or why it cannot take part. */
export type Presence = { readonly version: string } | { readonly missing: string }

export async function presence(name: Name, { root, base }: Pick<Site, 'root' | 'base'>): Promise<Presence> {
  if (name === 'direct') return { version: '' }
  if (name === 'nginx') {
    const found = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
    const version = /nginx\/([\d.]+)/.exec(found.stderr ?? '')?.[1]
    return version === undefined ? { missing: 'no `nginx` on the path' } : { version }
  }
  const setup = setupOf(name)
  if (setup?.base === false) {
    if (!existsSync(commandLine(root))) return { missing: 'dist/src/cli/turnout.js is not built' }
    return { version: await versionOf(join(root, 'package.json')) }
  }
  if (setup !== null) {
    if (base === null) return { missing: 'no --base was given' }
    return existsSync(base) ? { version: relative(root, base) } : { missing: `there is no ${base}` }
  }
  const undici = await versionOf(join(root, 'node_modules/undici/package.json'))
  if (name === 'node') return { version: `${process.version} + undici ${undici}` }
  return { version: `${await versionOf(join(root, 'node_modules/fastify/package.json'))} + undici ${undici}` }
}

/** Of this build. */
export const commandLine = (root: string): string => join(root, 'dist/src/cli/turnout.js')

async function versionOf(file: string): Promise<string> {
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}
