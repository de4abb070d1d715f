/** No engine outlives the gateway that started it, however that ends; with llama.cpp where there is one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { isRunning } from '../../src/store/processes.ts'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { engineCommand } from '../support/engine-program.ts'
import { freePort, missing } from '../support/engines.ts'
import type { ConfigObject } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const folder = await mkdtemp(join(tmpdir(), 'turnout-engine-end-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

async function configOf(state: string): Promise<ConfigObject> {
  const port = await freePort()
  const command = engineCommand({ port, model: 'a', forks: true })
  const backend = { name: 'a', kind: 'openai-compatible', url: `http://127.0.0.1:${port}`, models: ['a'] }
  return { backends: [{ ...backend, engine: { command, cwd: folder } }], store: { state: join(folder, state) } }
}

/** Starts the engine; gives its process. */
async function started(gateway: GatewayProcess): Promise<number> {
  const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'a' }))
  const { choices } = await response.json<{ choices: readonly { message: { content: string } }[] }>()
  return Number(choices[0]?.message.content.split(' ')[1])
}

const childrenOf = async (pid: number): Promise<number[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
  t.test(`an engine ends with a gateway that is ended by ${signal}`, async (t) => {
    const gateway = await startGatewayProcess(await configOf(`${signal}.json`))
    t.teardown(() => gateway.close())
    const pid = await started(gateway)
    t.ok(await isRunning(pid))
    gateway.signal(signal)
    await within(20_000, 'the gateway ends', gateway.exited)
    await eventually(20_000, 'the engine ends', async () => !(await isRunning(pid)))
    t.pass(`process ${pid} is gone`)
  })

t.test(
  'where what looks after engines is killed as well, the next start ends what is left',
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async (t) => {
    const config = await configOf('next.json')
    const gateway = await startGatewayProcess(config)
    const pid = await started(gateway)
    const keepers = (await childrenOf(gateway.pid)).filter((child) => child !== pid)
    t.ok(keepers.length >= 1)
    for (const keeper of keepers) process.kill(keeper, 'SIGKILL')
    await gateway.close()
    t.ok(await isRunning(pid), 'nobody was there to end it')
    const next = await startGatewayProcess(config)
    t.teardown(() => next.close())
    t.notOk(await isRunning(pid))
    t.match(next.logged(), new RegExp(`"event":"engine_left_over","port":"\\d+","pid":${pid},"fate":"ended"`))
    const again = await started(next)
    t.not(again, pid)
  },
)

t.test(
  'two servers of llama.cpp in one group take turns under mixed load, and all is answered',
  { skip: missing('llama') },
  async (t) => {
    const TURN = 2_000
    const llama = async (name: string): Promise<ConfigObject> => {
      const port = await freePort()
      const model = resolve(process.env['TURNOUT_TEST_MODEL'] ?? '')
      const args = [
        '-m',
        model,
        '--alias',
        name,
        '--host',
        '127.0.0.1',
        '-c',
        '1024',
        '-np',
        '2',
        '-t',
        '1',
        '--no-ui',
        '--offline',
      ]
      const command = [resolve(process.env['TURNOUT_TEST_LLAMA'] ?? ''), ...args, '--port', '{port}']
      const backend = { name, kind: 'llamacpp', url: `http://127.0.0.1:${port}`, models: [name] }
      return { ...backend, engine: { command, cwd: folder, group: 'gpu' } }
    }
    const gateway = await gatewayFor(t, {
      backends: [await llama('one'), await llama('two')],
      engine_groups: { gpu: { turn: `${TURN}ms` } },
    })
    const startedAt = performance.now()
    const counts = { one: 0, two: 0 }
    const caller = async (model: 'one' | 'two'): Promise<void> => {
      while (performance.now() - startedAt < 10_000) {
        const response = await rawPost(gateway.url, CHAT_PATH, chat({ model, max_tokens: 8 }))
        t.equal(response.status, 200, model)
        await response.json()
        counts[model]++
      }
    }
    await Promise.all([caller('one'), caller('two'), caller('one'), caller('two')])
    const swaps = await gateway.metric('turnout_engine_swaps_total', { group: 'gpu' })
    const tookMs = performance.now() - startedAt
    t.comment(`${counts.one} and ${counts.two} answers, ${swaps} swaps in ${Math.round(tookMs)} ms`)
    t.ok(swaps >= 1 && swaps <= tookMs / TURN + 1, `${swaps} swaps in ${tookMs} ms`)
    t.ok(counts.one > 3 && counts.two > 3, 'neither is starved')
  },
)
