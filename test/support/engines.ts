import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { isRequired } from './required.ts'

/** A real engine in a child process of its own. */
export interface Engine {
  readonly url: string
  /** The model's name as the engine lists it. */
  readonly model: string
  readonly pid: number
  stop(): Promise<void>
}

/** Why a suite on this engine cannot run here, for `t.test(name, { skip })`; false where it can. What is required runs, and fails for want of its engine. */
export function missing(engine: 'llama' | 'ollama' | 'vllm' | 'prometheus' | 'redis' | 'linter'): string | false {
  if (isRequired(engine)) return false
  if (engine === 'prometheus') return ['prometheus', 'promtool'].every(onPath) ? false : 'needs prometheus and promtool'
  if (engine === 'linter') return process.env['TURNOUT_TEST_LINTER'] ? false : 'needs TURNOUT_TEST_LINTER'
  if (engine === 'redis') return onPath('redis-server') ? false : 'needs redis-server'
  const absent = NEEDED[engine].filter((name) => !process.env[name])
  return absent.length === 0 ? false : `needs ${absent.join(' and ')}`
}

const NEEDED = {
  llama: ['TURNOUT_TEST_LLAMA', 'TURNOUT_TEST_MODEL'],
  ollama: ['TURNOUT_TEST_OLLAMA', 'TURNOUT_TEST_MODEL'],
  vllm: ['TURNOUT_TEST_VLLM', 'TURNOUT_TEST_VLLM_MODEL'],
} as const

const onPath = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))

/** What an engine is started on, where that is not any free port and the model of TURNOUT_TEST_MODEL. */
export interface Place {
  readonly port?: number
  readonly model?: string
}

/** llama.cpp's server. `args` come behind the usual ones, of which those in `without` are left out. */
export async function startLlama(
  args: readonly string[] = [],
  without: readonly string[] = [],
  place: Place = {},
): Promise<Engine> {
  const port = place.port ?? (await freePort())
  const model = resolve(place.model ?? variable('TURNOUT_TEST_MODEL'))
  const usual = [
    '-m',
    model,
    '--alias',
    'tiny',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '-c',
    '4096',
    '-np',
    '2',
    '-t',
    '1',
    '--metrics',
    '--no-ui',
    '--offline',
  ]
  const own = [...usual.filter((arg) => !without.includes(arg)), ...args]
  const child = spawn(variable('TURNOUT_TEST_LLAMA'), own, { stdio: ['ignore', 'ignore', 'pipe'] })
  return started(child, `http://127.0.0.1:${port}`, '/health', 'tiny')
}

/** llama.cpp as a router: it has these models, each that of TURNOUT_TEST_MODEL, and loads one when it is asked for. */
export async function startLlamaRouter(models: readonly string[]): Promise<Engine> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'turnout-llama-'))
  for (const model of models) await symlink(resolve(variable('TURNOUT_TEST_MODEL')), join(folder, `${model}.gguf`))
  const place = ['--host', '127.0.0.1', '--port', String(port), '--models-dir', folder]
  const args = [...place, '-c', '2048', '-np', '2', '-t', '1', '--metrics', '--no-ui', '--offline']
  const child = spawn(variable('TURNOUT_TEST_LLAMA'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const engine = await started(child, `http://127.0.0.1:${port}`, '/health', models[0]!)
  const stop = async (): Promise<void> => {
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...engine, stop }
}

/** Ollama with a model made from TURNOUT_TEST_MODEL, in a folder that is removed by `stop`. */
export async function startOllama(): Promise<Engine> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'turnout-ollama-'))
  const env = {
    ...process.env,
    HOME: folder,
    OLLAMA_HOST: `127.0.0.1:${port}`,
    OLLAMA_MODELS: join(folder, 'models'),
    OLLAMA_NO_CLOUD: '1',
  }
  const binary = variable('TURNOUT_TEST_OLLAMA')
  const child = spawn(binary, ['serve'], { stdio: ['ignore', 'ignore', 'pipe'], env })
  const engine = await started(child, `http://127.0.0.1:${port}`, '/api/version', 'tiny:latest')
  const modelfile = join(folder, 'Modelfile')
  await writeFile(modelfile, `FROM ${resolve(variable('TURNOUT_TEST_MODEL'))}\nPARAMETER num_ctx 2048\n`)
  const maker = spawn(binary, ['create', 'tiny', '-f', modelfile], { stdio: 'ignore', env })
  const [code] = (await once(maker, 'exit')) as [number | null]
  const stop = async (): Promise<void> => {
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  }
  if (code === 0) return { ...engine, stop }
  await stop()
  throw new Error(`ollama create ended with ${code}`)
}

/** It loads for a minute before it answers. */
const VLLM_STARTS_MS = 400_000

/** vLLM's server: TURNOUT_TEST_VLLM is a Python that has it, TURNOUT_TEST_VLLM_MODEL the folder of a model. */
export async function startVllm(more: readonly string[] = []): Promise<Engine> {
  const port = await freePort()
  const options = {
    model: resolve(variable('TURNOUT_TEST_VLLM_MODEL')),
    'served-model-name': 'tiny',
    host: '127.0.0.1',
    port: String(port),
    dtype: 'float32',
    'max-model-len': '2048',
    'max-num-seqs': '4',
    'tool-call-parser': 'hermes',
  }
  const flags = ['enforce-eager', 'enable-prompt-tokens-details', 'enable-auto-tool-choice']
  const args = ['-m', 'vllm.entrypoints.openai.api_server', ...flags.map((flag) => `--${flag}`)]
  for (const [name, value] of Object.entries(options)) args.push(`--${name}`, value)
  args.push(...more)
  const env = {
    ...process.env,
    HF_HUB_OFFLINE: '1',
    OMP_NUM_THREADS: '1',
    VLLM_CPU_KVCACHE_SPACE: '1',
    VLLM_CPU_OMP_THREADS_BIND: 'nobind',
    VLLM_NO_USAGE_STATS: '1',
  }
  const child = spawn(variable('TURNOUT_TEST_VLLM'), args, { stdio: ['ignore', 'ignore', 'pipe'], env })
  return started(child, `http://127.0.0.1:${port}`, '/health', 'tiny', VLLM_STARTS_MS)
}

function variable(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until the engine answers 200 on `path`. An answer counts only while this very child lives: the port could be another's. */
async function started(
  child: ChildProcess,
  url: string,
  path: string,
  model: string,
  startsMs = 60_000,
): Promise<Engine> {
  let log = ''
  child.stderr?.on('data', (bytes: Buffer) => (log = (log + bytes.toString()).slice(-4000)))
  const exited = once(child, 'exit').then(() => true)
  const failed = once(child, 'error').then(() => true)
  const deadline = Date.now() + startsMs
  while (Date.now() < deadline) {
    const answer = await fetch(url + path).catch(() => null)
    await answer?.arrayBuffer()
    if (child.exitCode !== null || child.signalCode !== null) break
    if (answer?.status === 200) return { url, model, pid: child.pid ?? 0, stop: () => stop(child, exited) }
    if (await Promise.race([exited, failed, new Promise<boolean>((done) => setTimeout(done, 100, false))])) break
  }
  child.kill('SIGKILL')
  throw new Error(`the engine did not start; its last words:\n${log}`)
}

async function stop(child: ChildProcess, exited: Promise<boolean>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
  await exited
  clearTimeout(timer)
}
