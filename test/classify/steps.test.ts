/** The steps of agents: labelled turns, in each wire format, and one fact of each rule. */
import t from 'tap'
import { FORMATS } from '../../src/formats/formats.ts'
import type { AgentStep } from '../../src/core/capabilities.ts'
import type { RequestProfile } from '../../src/core/types.ts'
import { ownTopic, stepTopic } from '../../src/decision/classify/weights.ts'
import { classify, WEIGHTS } from '../support/factories.ts'
import { conversation } from '../support/conversations.ts'
import { requestOf } from '../formats/neutral-prompt.ts'
import { labelledPrompts } from '../support/labelled-prompts.ts'
import { judge } from './measure-classes.ts'

const STEPS: Readonly<Record<string, AgentStep>> = {
  plan: 'planning',
  edit: 'editing',
  read: 'reading',
  summary: 'summarising',
  call: 'calling',
}

const turns = labelledPrompts().filter(({ isHeldOut, language }) => language === 'agent' && !isHeldOut)

for (const dialect of FORMATS.keys())
  t.test(`turns of agents have their class and their step: ${dialect}`, async (t) => {
    const judged = turns.map((one) => judge(one, dialect))
    const steps = judged.filter(({ prompt }) => prompt.steps.length > 0)
    const misses = steps.filter(({ prompt, profile }) => !prompt.steps.some((step) => STEPS[step] === profile.step))
    const list = misses.map(
      ({ prompt, profile }) => `${prompt.steps.join('|')}, taken for ${profile.step}: ${prompt.text}`,
    )
    t.ok(misses.length <= steps.length / 10, list.join('\n'))
    t.ok(judged.filter(({ isRight }) => !isRight).length <= 1)
  })

const profileOf = (...lines: string[]): RequestProfile =>
  classify(requestOf(conversation(lines), FORMATS.get('anthropic-messages')!, false))

t.test('the instructions of an agent make no greeting hard, and no order a plan', async (t) => {
  const greeting = profileOf('user Good morning!')
  t.equal(greeting.class, 'chat')
  t.equal(greeting.step, null)
  t.ok(greeting.difficulty! < 0.1)
  t.strictSame(greeting.features!.topics, [ownTopic(WEIGHTS, 'chat')])
  t.match(profileOf('user run the tests'), { class: 'agent', step: 'calling', difficulty: 0.1 })
})

t.test('once tools were called a turn is wholly its step, before that also what it is about', async (t) => {
  const first = profileOf('user Add a cache to the order service and test it thoroughly.')
  t.equal(first.step, 'planning')
  t.equal(first.features!.topics[0], stepTopic(WEIGHTS, 'planning'))
  t.ok(first.features!.topics.length > 1)
  t.equal(first.features!.shares.reduce((sum, share) => sum + share, 0).toFixed(9), '1.000000000')
  const later = profileOf(
    'user Add a cache.',
    'call Read {"file_path":"src/orders.ts"}',
    'result export const orders = []',
  )
  t.equal(later.step, 'editing')
  t.strictSame(later.features!.topics, [stepTopic(WEIGHTS, 'editing')])
  t.strictSame(later.features!.shares, [1])
})

t.test('what an agent puts beside the words of its user is no question', async (t) => {
  const reminder =
    '<system-reminder>\nThe following skills are available: deep-research, security-review, migrate everything.\n</system-reminder>'
  t.equal(profileOf(`user ${reminder}`, 'user hello').class, 'chat')
  const after = profileOf(
    'user Add a cache.',
    'call Bash {"command":"git commit -m x"}',
    'result [main 1a2b3c4] x',
    `user ${reminder}`,
  )
  t.equal(after.step, 'summarising')
})

for (const [text, step] of [
  ['Output: (empty)\\nError: (none)\\nExit Code: 0', 'calling'],
  ['found 0 vulnerabilities, 0 errors', 'calling'],
  ['Process exited with code 2', 'reading'],
  ['{"output":"","metadata":{"exit_code":1}}', 'reading'],
  ['Traceback (most recent call last):', 'reading'],
] as const)
  t.test(`a command that gave ${text} is followed by ${step}`, async (t) => {
    t.equal(profileOf('user Set it up.', 'call Bash {"command":"./setup"}', `result ${text}`).step, step)
  })
