/** What is said in the rows of the dialects, whatever the dialect: a short question, and what a coding agent sends in the middle of its work. */
import { FIRST_NUMBER } from '../numbered.ts'
import { prose } from '../prose.ts'

export type TalkKind = 'small' | 'agent'

export interface Talk {
  readonly system: string
  readonly tools: readonly Tool[]
  readonly turns: readonly Turn[]
}

export interface Tool {
  readonly name: string
  readonly description: string
  readonly schema: object
}

export type Turn =
  | { readonly kind: 'user'; readonly text: string }
  | {
      readonly kind: 'call'
      readonly id: string
      readonly name: string
      readonly input: Readonly<Record<string, string>>
    }
  | { readonly kind: 'result'; readonly id: string; readonly name: string; readonly text: string }

/** Different texts of each kind. */
export const VARIANTS = 64
const SMALL_BYTES = 800
const AGENT_SYSTEM_BYTES = 3_500
const AGENT_TOOLS = 10
const AGENT_ROUNDS = 3
const RESULT_BYTES = 900

const toolAt = (index: number): Tool => ({
  name: `work_${index}`,
  description: prose(240, 1_000 + index),
  schema: {
    type: 'object',
    properties: {
      path: { type: 'string', description: prose(70, 2_000 + index) },
      pattern: { type: 'string', description: prose(70, 3_000 + index) },
      limit: { type: 'integer', description: prose(40, 4_000 + index) },
      deep: { type: 'boolean' },
    },
    required: ['path'],
    additionalProperties: false,
  },
})

const TOOLS = Array.from({ length: AGENT_TOOLS }, (_, index) => toolAt(index))
const AGENT_SYSTEM = prose(AGENT_SYSTEM_BYTES, 5_000)

/** One variant. Its first turn holds FIRST_NUMBER, so that each request can have a number of its own, and each conversation is a new one. */
export function talkOf(kind: TalkKind, variant: number): Talk {
  const first: Turn = { kind: 'user', text: `Case ${FIRST_NUMBER}. ${prose(SMALL_BYTES, variant)}` }
  if (kind === 'small') return { system: 'Answer briefly.', tools: [], turns: [first] }
  const turns: Turn[] = [first]
  for (let round = 0; round < AGENT_ROUNDS; round++) {
    const { name } = TOOLS[(variant + round) % AGENT_TOOLS]!
    const id = `call_${variant}_${round}`
    turns.push({
      kind: 'call',
      id,
      name,
      input: { path: `src/part-${variant}.ts`, pattern: prose(60, variant + round) },
    })
    turns.push({ kind: 'result', id, name, text: prose(RESULT_BYTES, 6_000 + variant * AGENT_ROUNDS + round) })
  }
  return { system: AGENT_SYSTEM, tools: TOOLS, turns }
}

/** All texts that must arrive, as JSON has them in every dialect: without quotes around them. */
export const textsOf = ({ system, tools, turns }: Talk): string[] =>
  [
    system,
    ...tools.flatMap(({ name, description }) => [name, description]),
    ...turns.flatMap((turn) => (turn.kind === 'call' ? [] : [turn.text])),
  ].map((text) => JSON.stringify(text).slice(1, -1))
