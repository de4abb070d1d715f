/** Starts contenders, each as a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { endChild, message, startChild } from './child.ts'
import { configFile, type Configuration } from './configurations.ts'
import { commandLine, type Name, type Running, setupOf, type Site } from './contenders.ts'
import { nginxConfig } from './nginx.ts'
import { MODEL } from './payload.ts'
import { freePort, listening } from './port.ts'

/** Resolves when it listens. */
export async function start(name: Name, site: Site): Promise<Running> {
  const plain = { name, model: MODEL, models: 1, onNode: false, books: null }
  if (name === 'direct') return { ...plain, port: site.upstreamPort, process: null, close: () => Promise.resolve() }
  const setup = setupOf(name)
  if (setup !== null) {
    const command = setup.base ? (site.base ?? '') : commandLine(site.root)
    return startTurnout(name, setup.configuration, command, site)
  }
  const { child, port } = name === 'nginx' ? await startNginx(site) : await startProxy(name, site)
  return { ...plain, port, process: child, onNode: name !== 'nginx', close: () => endChild(child) }
}

interface Started {
  readonly child: ChildProcess
  readonly port: number
}

async function startProxy(name: Name, site: Site): Promise<Started> {
  const child = startChild({
    command: process.execPath,
    args: [...nodeOptions(name, site), join(import.meta.dirname, `proxy-${name}.js`), String(site.upstreamPort)],
    core: site.core,
    ipc: true,
    stdout: 'ignore',
    stderr: 'inherit',
  })
  const { port } = await message<{ port: number }>(child, 20_000)
  return { child, port }
}

const nodeOptions = (name: Name, { profiles }: Site): string[] => [
  `--import=${new URL('./garbage-meter.js', import.meta.url).href}`,
  ...(profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profiles, name)}`]),
]

let folders = 0

async function folderFor(name: Name, { scratch }: Site): Promise<string> {
  const folder = join(scratch, `${name}-${folders++}`)
  await mkdir(folder)
  return folder
}

async function startNginx(site: Site): Promise<Started> {
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
  return { child, port }
}

async function startTurnout(name: Name, configuration: Configuration, command: string, site: Site): Promise<Running> {
  const folder = await folderFor(name, site)
  const port = await freePort()
  const config = join(folder, 'turnout.yaml')
  await writeFile(config, stringify(configFile(configuration, { ...site, port })))
  const log = join(folder, 'log')
  const [out, errors] = [openSync(log, 'w'), openSync(join(folder, 'stderr'), 'w')]
  const child = startChild({
    command: process.execPath,
    args: [...nodeOptions(name, site), command, 'serve', '--config', config],
    core: site.core,
    ipc: true,
    stdout: out,
    stderr: errors,
  })
  closeSync(out)
  closeSync(errors)
  await listening(name, child, port, join(folder, 'stderr'))
  const { asks: model, models } = configuration
  const books = { command, config, log, ledger: configuration.full }
  return { name, port, model, models, process: child, onNode: true, books, close: () => endChild(child) }
}
