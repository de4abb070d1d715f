import t from 'tap'
import { missing, startLlama, startOllama } from './engines.ts'

const starters = { llama: startLlama, ollama: startOllama } as const

for (const name of ['llama', 'ollama'] as const) {
  t.test(`a real ${name} starts, lists its model and is gone after stop`, { skip: missing(name) }, async (t) => {
    const engine = await starters[name]()
    const list = (await (await fetch(`${engine.url}/v1/models`)).json()) as { data: { id: string }[] }
    t.ok(list.data.some(({ id }) => id === engine.model))
    await engine.stop()
    t.throws(() => process.kill(engine.pid, 0), { code: 'ESRCH' })
  })
}

t.test('an engine that dies at once is reported with its last words', async (t) => {
  const before = process.env.TURNOUT_TEST_LLAMA
  process.env.TURNOUT_TEST_LLAMA = process.execPath
  process.env.TURNOUT_TEST_MODEL ??= 'none.gguf'
  t.teardown(() => {
    if (before === undefined) delete process.env.TURNOUT_TEST_LLAMA
    else process.env.TURNOUT_TEST_LLAMA = before
  })
  await t.rejects(startLlama(), /did not start.*\n.*bad option/s)
})
