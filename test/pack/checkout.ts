/** Checkouts in folders of their own, and commands run in them. */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../support/documents.ts'

/** The Node of this run, and a newer one where the machine names one (`TURNOUT_TEST_NODE`: the path of its binary). */
export const NODES: readonly string[] = [process.execPath, process.env['TURNOUT_TEST_NODE'] ?? ''].filter(
  (path) => path !== '',
)

/** Whether it takes types away by itself. */
export const strips = (node: string): boolean =>
  spawnSync(node, ['-p', `'stripTypeScriptTypes' in require('node:module')`], { encoding: 'utf8' }).stdout === 'true\n'

const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly bin: object
  readonly scripts: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}

/** What is built here: a command of two files, which says `said` and its arguments. */
const sources = (said: string): Readonly<Record<string, string>> => ({
  'src/cli/turnout.ts': `import { line, type Line } from '../line.ts'
const said: Line = line(${JSON.stringify(said)})
process.stdout.write(\`\${said} \${process.argv.slice(2).join(' ')}\\n\`)
`,
  'src/line.ts': `export type Line = string\nexport const line = (text: string): Line => text\n`,
})

export function writeSources(folder: string, said: string): void {
  for (const [path, text] of Object.entries(sources(said))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

export type Modules = 'with a compiler' | 'without a compiler' | 'none'

/** A checkout with everything that builds and starts this one, and a program of two files to do it with. */
export function smallCheckout(folder: string, modules: Modules): string {
  for (const path of ['bin', 'scripts/build.js', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  const { bin, scripts, engines } = PACKAGE
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'turnout', version: '0.0.0', type: 'module', bin, scripts, engines }),
  )
  writeSources(folder, 'first')
  if (modules !== 'none') mkdirSync(join(folder, 'node_modules'))
  if (modules === 'with a compiler')
    symlinkSync(join(ROOT, 'node_modules/typescript'), join(folder, 'node_modules/typescript'))
  return folder
}

/** What git has of this checkout, as it is on the disk; its packages are this checkout's. */
export function wholeCheckout(folder: string): string {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  for (const path of stdout.split('\0').filter((path) => path !== '' && !path.startsWith('test/')))
    cpSync(join(ROOT, path), join(folder, path))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Of the environment it gets PATH with `node` in front, and a home and a cache of npm of its own. */
export async function run(command: readonly string[], cwd: string, home: string): Promise<Ran> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: home, npm_config_cache: join(home, 'npm'), npm_config_offline: 'true' },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise<number | null>((done, failed) => child.on('close', done).on('error', failed))
  return { code, out, err }
}
