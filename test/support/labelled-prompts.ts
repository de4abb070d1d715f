/**
 * Prompts as people and agents send them, labelled by hand before anybody looked at what the classifier says. About half of them are
 * held out: nobody builds by them.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Contents, Message } from '../../src/core/prompt.ts'
import { conversation, user } from './conversations.ts'

export interface Labelled {
  /** Those that are right; `greeting` is a chat that is easy. */
  readonly classes: readonly string[]
  /** Of an agent's turn, those that are right; empty for all else. */
  readonly steps: readonly string[]
  /** 1 = easy: a small model does it, 2, 3 = hard: only the best do. */
  readonly level: number
  readonly language: string
  readonly isHeldOut: boolean
  /** How it begins, for messages. */
  readonly text: string
  readonly contents: Contents
}

const FOLDER = new URL('../../../test/classify/prompts/', import.meta.url)
const linesOf = (file: string): readonly string[] => readFileSync(new URL(file, FOLDER), 'utf8').split('\n')

/** A little more than half, so that it is half with those that were known from the start. */
const isHeldOut = (text: string): boolean => createHash('sha256').update(text).digest().readUInt16BE(0) % 1000 < 523

export const labelledPrompts = (): readonly Labelled[] => [
  ...ordinaryPrompts('first.txt', () => false),
  ...['english.txt', 'european.txt', 'others.txt', 'more.txt'].flatMap((file) => ordinaryPrompts(file, isHeldOut)),
  ...agentTurns('turns.txt'),
]

const PICTURE: Message['parts'][number] = {
  kind: 'image',
  source: { kind: 'data', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
  name: null,
  detail: null,
  cache: null,
}

/** A line `# language class|class`, then lines with a level and a text. */
function ordinaryPrompts(file: string, isHeld: (text: string) => boolean): Labelled[] {
  let language = ''
  let classes: readonly string[] = []
  return linesOf(file).flatMap((line) => {
    const [head, ...rest] = line.split(' ')
    if (head === '#') {
      language = rest[0]!
      classes = rest[1]!.split('|')
      return []
    }
    const text = rest.join(' ').replaceAll('\\n', '\n')
    if (text === '') return []
    const asked = user(text)
    const message = classes.includes('vision') ? { ...asked, parts: [...asked.parts, PICTURE] } : asked
    const contents = conversation([message])
    return [{ classes, steps: [], level: Number(head), language, isHeldOut: isHeld(text), text, contents }]
  })
}

/** A line `= step|step level`, then lines of the conversation: see conversations.ts. */
function agentTurns(file: string): Labelled[] {
  const blocks = linesOf(file).join('\n').split(/^= /m).slice(1)
  return blocks.map((block) => {
    const [head, ...lines] = block.trimEnd().split('\n')
    const [steps, level] = head!.split(' ')
    const isChat = steps === 'chat'
    return {
      classes: [isChat ? 'greeting' : lines.includes('tools 0') ? 'any' : 'agent'],
      steps: isChat ? [] : steps!.split('|'),
      level: Number(level),
      language: 'agent',
      isHeldOut: isHeldOut(block.trimEnd()),
      text: lines.join(' / '),
      contents: conversation(lines),
    }
  })
}
