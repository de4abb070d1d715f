import t from 'tap'
import { chatStream, CHAT_PATH, COMPLETIONS_PATH, readStream } from '../support/chat.ts'
import type { Cut } from '../support/fault-plan.ts'
import { pick, seeded } from '../support/random.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const HOW: readonly Cut[] = ['reset', 'fin', 'end']

/** Events of `n` choices that take turns at random and end one by one; text of each choice. */
function answers(n: number, random: () => number, legacy: boolean): { events: string[]; texts: string[] } {
  const lengths = Array.from({ length: n }, () => 1 + Math.floor(random() * 6))
  const texts = lengths.map(() => '')
  const written = lengths.map(() => 0)
  const open = lengths.map((_, index) => index)
  const events: string[] = []
  const push = (index: number, content: string | null, finish_reason: string | null): void => {
    const part = legacy ? { text: content ?? '' } : { delta: content === null ? {} : { content } }
    events.push(JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index, ...part, finish_reason }] }))
  }
  while (open.length > 0) {
    const index = pick(random, open)
    if (written[index]! < lengths[index]!) {
      const word = `${index}.${written[index]!} ö `
      texts[index] = texts[index]! + word
      written[index]!++
      push(index, word, null)
    } else {
      push(index, null, pick(random, ['stop', 'length']))
      open.splice(open.indexOf(index), 1)
    }
  }
  return { events, texts }
}

interface Chunk {
  readonly choices?: readonly {
    readonly index: number
    readonly text?: string
    readonly delta?: { readonly content?: string }
    readonly finish_reason: string | null
  }[]
}

t.test('480 streams of several choices, cut at random bytes: none is sold as whole', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const random = seeded(480)
  const wrong: string[] = []
  let whole = 0
  for (let round = 0; round < 480; round++) {
    const n = 2 + Math.floor(random() * 3)
    const legacy = round % 4 === 0
    const { events, texts } = answers(n, random, legacy)
    const size = events.reduce((sum, event) => sum + Buffer.byteLength(event) + 8, 0)
    const bytes = Math.floor(random() * (size + 40))
    upstream.next({ events, done: random() < 0.5, cut: { bytes, how: pick(random, HOW) } })
    const request = legacy ? { model: 'tiny', prompt: 'x', stream: true } : chatStream()
    const response = await rawPost(gateway.url, legacy ? COMPLETIONS_PATH : CHAT_PATH, { ...request, n })
    if (response.status !== 200) {
      await response.body()
      continue
    }
    const got = await readStream(response)
    const choices = (got.chunks as Chunk[]).flatMap((chunk) => chunk.choices ?? [])
    const said = texts.map((_, index) =>
      choices.map((one) => (one.index === index ? (one.delta?.content ?? one.text ?? '') : '')).join(''),
    )
    const ended = texts.every((_, index) => choices.some((one) => one.index === index && one.finish_reason !== null))
    const complete = ended && said.every((text, index) => text === texts[index])
    if (got.errors.length === 0) whole++
    if (got.errors.length === 0 && !complete) wrong.push(`${n} choices, cut at ${bytes} of ${size}`)
    if (!said.every((text, index) => texts[index]!.startsWith(text))) wrong.push('text of another')
    if (!got.doneLast || got.dones !== 1) wrong.push(`${got.dones} [DONE]`)
  }
  t.strictSame(wrong, [])
  t.ok(whole > 5 && whole < 100, `${whole} whole ones`)
})
