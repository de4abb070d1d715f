/** The official clients before llama.cpp for real: in the format of each where it speaks it, and by translation to its chat. */
import t from 'tap'
import { missing, startLlama } from '../support/engines.ts'
import { isServed } from '../support/format-rig.ts'
import { gatewayFor } from '../support/rig.ts'
import { CLIENTS } from '../support/sdk-clients.ts'

t.test('every official client gets an answer of llama.cpp', { skip: missing('llama') }, async (t) => {
  const engine = await startLlama()
  t.teardown(() => engine.stop())
  const backend = { kind: 'llamacpp', url: engine.url, models: [engine.model] }
  const gateway = await gatewayFor(t, {
    backends: [
      { name: 'native', ...backend },
      { name: 'by-chat', ...backend, formats: ['openai-chat'] },
    ],
  })
  for (const client of CLIENTS.filter(({ endpoint }) => isServed(endpoint)))
    for (const name of ['native', 'by-chat'])
      for (const stream of [false, true]) {
        const got = await client.ask(gateway.url, `${name}/${engine.model}`, { stream })
        const what = `${client.name}, ${name}, ${stream ? 'streamed' : 'whole'}`
        t.ok(got.text.length > 0 || got.thoughts.length > 0, `${what}: it says something`)
        t.ok(['stop', 'length'].includes(got.finish), `${what}: ${got.finish}`)
        t.ok(got.input > 5 && got.output > 0 && got.output <= 500, `${what}: ${got.input} and ${got.output} tokens`)
      }
})
