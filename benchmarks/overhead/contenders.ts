/** What stands before the upstream, in turn. Each starts on demand, as a process of its own. */
import { spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { stringify } from 'yaml'
import { endChild, message, startChild } from './child.ts'
import { MODEL } from './payload.ts'

export const NAMES = ['direct', 'nginx', 'fastify', 'node', 'turnout', 'base'] as const
export type Name = (typeof NAMES)[number]

export interface Site {
  /** Root of the package. */
  readonly root: string
  /** For configurations and logs; the runner removes it. */
  readonly scratch: string
  readonly upstreamPort: number
  readonly core: number | null
  /** The caller's key. */
  readonly token: string
  /** Command line of another build of Turnout, which runs as `base`; null = there is none. */
  readonly base: string | null
  /** Folder for CPU profiles of contenders that run on Node; null = none are taken. */
  readonly profiles: string | null
}

export interface Running {
  readonly name: Name
  readonly port: number
  /** Null for `direct`, which has no process. */
  readonly pid: number | null
  /** Where its request log is written, if it keeps one. */
  readonly log: string | null
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
  if (name === 'turnout') {
    if (!existsSync(commandLine(root))) return { missing: 'dist/src/cli/turnout.js is not built' }
    return { version: await versionOf(join(root, 'package.json')) }
  }
  if (name === 'base') {
    if (base === null) return { missing: 'no --base was given' }
    return existsSync(base) ? { version: relative(root, base) } : { missing: `there is no ${base}` }
  }
  const undici = await versionOf(join(root, 'node_modules/undici/package.json'))
  if (name === 'node') return { version: `${process.version} + undici ${undici}` }
  return { version: `${await versionOf(join(root, 'node_modules/fastify/package.json'))} + undici ${undici}` }
}

const commandLine = (root: string): string => join(root, 'dist/src/cli/turnout.js')

async function versionOf(file: string): Promise<string> {
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}

/** Resolves when it listens. */
export async function start(name: Name, site: Site): Promise<Running> {
  if (name === 'direct') return { name, port: site.upstreamPort, pid: null, log: null, close: () => Promise.resolve() }
  if (name === 'nginx') return startNginx(site)
  if (name === 'turnout') return startTurnout(name, commandLine(site.root), site)
  if (name === 'base') return startTurnout(name, site.base ?? '', site)
  const file = join(import.meta.dirname, `proxy-${name}.js`)
  const child = startChild({
    command: process.execPath,
    args: [...profiling(site), file, String(site.upstreamPort)],
    core: site.core,
    ipc: true,
    stdout: 'ignore',
    stderr: 'inherit',
  })
  const { port } = await message<{ port: number }>(child, 20_000)
  return running(name, child, port, null)
}

const profiling = ({ profiles }: Site): string[] =>
  profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]

function running(name: Name, child: ChildProcess, port: number, log: string | null): Running {
  return { name, port, pid: child.pid ?? null, log, close: () => endChild(child) }
}

let folders = 0

async function folderFor(name: Name, { scratch }: Site): Promise<string> {
  const folder = join(scratch, `${name}-${folders++}`)
  await mkdir(folder)
  return folder
}

async function startNginx(site: Site): Promise<Running> {
  const folder = await folderFor('nginx', site)
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), nginxConfig(site.upstreamPort, port))
  const errors = openSync(join(folder, 'stderr'), 'w')
  const child = startChild({
    command: 'nginx',
    args: ['-p', folder, '-e', join(folder, 'errors'), '-c', join(folder, 'nginx.conf')],
    core: site.core,
    ipc: false,
    stdout: 'ignore',
    stderr: errors,
  })
  closeSync(errors)
  await listening('nginx', child, port, join(folder, 'stderr'))
  return running('nginx', child, port, null)
}

/** Kept-alive connections on both sides, no buffering of answers, no log: the least that a proxy for streams needs. */
const nginxConfig = (upstream: number, port: number): string => `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
error_log errors;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 100000000;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  upstream up { server 127.0.0.1:${upstream}; keepalive 1024; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://up;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`

/** All that a guarded, metered gateway does is on: keys, a limit, prices, metrics, and a log line for each request. */
async function startTurnout(name: 'turnout' | 'base', command: string, site: Site): Promise<Running> {
  const folder = await folderFor(name, site)
  const port = await freePort()
  const file = join(folder, 'turnout.yaml')
  const price = { input_per_mtok_usd: 1.25, cached_input_per_mtok_usd: 0.125, output_per_mtok_usd: 10 }
  const hash = `sha256:${createHash('sha256').update(site.token).digest('hex')}`
  const config = {
    server: { host: '127.0.0.1', port },
    backends: [
      {
        name: 'up',
        kind: 'openai-compatible',
        url: `http://127.0.0.1:${site.upstreamPort}/v1`,
        key: 'upstream-key',
        models: [MODEL],
      },
    ],
    models: { [`up/${MODEL}`]: { price } },
    keys: [{ id: 'bench', hash, rpm: 100_000_000 }],
  }
  await writeFile(file, stringify(config))
  const log = join(folder, 'log')
  const [out, errors] = [openSync(log, 'w'), openSync(join(folder, 'stderr'), 'w')]
  const child = startChild({
    command: process.execPath,
    args: [...profiling(site), command, 'serve', '--config', file],
    core: site.core,
    ipc: false,
    stdout: out,
    stderr: errors,
  })
  closeSync(out)
  closeSync(errors)
  await listening(name, child, port, join(folder, 'stderr'))
  return running(name, child, port, log)
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

const START_LIMIT_MS = 20_000

/** Knocks until the port opens. */
async function listening(name: Name, child: ChildProcess, port: number, stderr: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS
  while (!(await opens(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null
    if (ended || performance.now() > deadline) {
      await endChild(child)
      throw new Error(`${name} does not listen: ${await readFile(stderr, 'utf8')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
