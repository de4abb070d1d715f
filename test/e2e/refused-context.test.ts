/** An engine that refuses a prompt as too long says what fits: that counts over what was believed. */
import t, { type Test } from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const TOO_LONG = failing(400, {
  message: 'request (1500 tokens) exceeds the available context size (1000 tokens), try increasing it',
  type: 'exceed_context_size_error',
})

interface Known {
  readonly context: number | null
  readonly from: string | null
}

/** What is known of the context of an engine after it refused a prompt, and how often it was asked before and after that with a prompt of 8000 words. */
async function refused(
  t: Test,
  kind: string,
  model: object,
): Promise<{ readonly known: Known; readonly sent: readonly [number, number] }> {
  const engine = await startFaultUpstream({ models: ['tiny'], plan: TOO_LONG })
  t.teardown(() => engine.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'b', kind, url: engine.url, models: ['tiny'] }],
    models: { tiny: model },
  })
  const ask = async (): Promise<number> => {
    const before = engine.requests.length
    const messages = [{ role: 'user', content: 'word '.repeat(8000) }]
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ messages }))
    t.equal(answer.status, 400)
    await answer.complete
    return engine.requests.length - before
  }
  const sent = [await ask(), await ask()] as const
  const { deployments } = (await (await fetch(`${gateway.url}/v1/deployments`)).json()) as {
    deployments: readonly { readonly context_tokens: number | null; readonly context_from: string | null }[]
  }
  const [shown] = deployments
  return { known: { context: shown!.context_tokens, from: shown!.context_from }, sent }
}

t.test('an engine of which nobody told the context is not sent what surely does not fit a second time', async (t) => {
  t.strictSame(await refused(t, 'llamacpp', {}), { known: { context: 1000, from: 'observed' }, sent: [1, 0] })
})

t.test('the word of the operator counts all the same', async (t) => {
  const { known, sent } = await refused(t, 'llamacpp', { context: 32_768 })
  t.strictSame([known, sent], [{ context: 32_768, from: 'operator' }, [1, 1]])
})

t.test('what an endpoint refuses that may have several engines behind it holds for that call', async (t) => {
  const { known, sent } = await refused(t, 'openai-compatible', {})
  t.strictSame([known, sent], [{ context: null, from: null }, [1, 1]])
})
