/** `turnout chat`: a conversation with the running gateway at a terminal, or one question. */
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { ReadStream } from 'node:tty'
import type { Turn } from '../formats/talk.ts'
import { painted, shownLines } from '../observe/log/people/screen.ts'
import type { CallOf } from './command.ts'
import { keyOf } from './ask-running.ts'
import { findGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import { Refused } from './refused.ts'
import type { CHAT } from './rows/chat.ts'
import { screenOf } from './screen.ts'
import { readAll } from './stdin.ts'
import { answer, noAnswer, type Talk } from './talk.ts'
import { talkLine } from './talk-line.ts'

/** Exit code 0: it was answered, or somebody left; 1: the one question was not. */
export async function chat({ flags, args }: CallOf<typeof CHAT>, io: Io): Promise<number> {
  const { url, silent } = await findGateway(flags, io)
  if (silent !== null) throw new Refused(noAnswer(url, silent))
  const conversation = new Conversation({ url, model: flags.model, key: keyOf(flags, io), session: randomUUID() }, io)
  if (args.text === undefined && io.stdin instanceof ReadStream) return await converse(conversation, io.stdin, io)
  const text = args.text ?? (await readAll(io.stdin)).toString().trim()
  if (text === '') throw new Refused('nothing was asked: write the question behind it, or into standard input')
  return (await conversation.ask(text, new AbortController().signal)) ? 0 : 1
}

/** Line by line until somebody leaves. */
async function converse(conversation: Conversation, stdin: ReadStream, io: Io): Promise<number> {
  const { url, model } = conversation.talk
  io.stderr.write(`${model} at ${url}. Ctrl-C stops an answer, /exit or Ctrl-D leaves.\n`)
  const lines = createInterface({ input: stdin, output: process.stdout, prompt: '> ' })
  let answering: AbortController | null = null
  lines.on('SIGINT', () => {
    if (answering === null || answering.signal.aborted) lines.close()
    else answering.abort()
  })
  lines.on('close', () => answering?.abort())
  lines.prompt()
  for await (const line of lines) {
    const text = line.trim()
    if (text === '/exit' || text === '/quit') break
    if (text !== '') {
      answering = new AbortController()
      await conversation.ask(text, answering.signal)
      answering = null
    }
    lines.prompt()
  }
  lines.close()
  io.stdout.write('\n')
  return 0
}

/** What was said so far, which each question goes with. */
class Conversation {
  readonly talk: Talk
  readonly #io: Io
  readonly #turns: Turn[] = []

  constructor(talk: Talk, io: Io) {
    this.talk = talk
    this.#io = io
  }

  /** Whether it was answered. What was not is not part of the conversation; of what was stopped the part that came is. */
  async ask(text: string, signal: AbortSignal): Promise<boolean> {
    const { stdout, stderr, env } = this.#io
    const [screen, notes] = [screenOf(stdout, env), screenOf(stderr, env)]
    // A file gets the answer as it is; a terminal must not obey it.
    const show = screen === undefined ? (part: string) => part : shownLines
    const dim = (line: string): string => `${painted([['dim', line]], notes?.colour ?? false)}\n`
    const asked: Turn = { role: 'user', content: text }
    let [reply, note, fault]: [string, string | null, string | null] = ['', null, null]
    try {
      await answer(
        [...this.#turns, asked],
        this.talk,
        ({ text: more, thought, record }) => {
          if (thought !== '' && screen?.colour === true) stdout.write(`\x1b[2m${shownLines(thought)}\x1b[0m`)
          if (more !== '') stdout.write(show(more))
          reply += more
          if (record !== null) note = talkLine(record)
        },
        signal,
      )
    } catch (thrown) {
      if (signal.aborted) note = 'stopped'
      else if (thrown instanceof Refused) fault = thrown.message
      else throw thrown
    }
    if (reply !== '' && !reply.endsWith('\n')) stdout.write('\n')
    if (fault !== null) stderr.write(`${painted([['red', `turnout chat: ${fault}`]], notes?.colour ?? false)}\n`)
    if (note !== null) stderr.write(dim(note))
    if (fault === null && reply !== '') this.#turns.push(asked, { role: 'assistant', content: reply })
    return fault === null && !signal.aborted
  }
}
