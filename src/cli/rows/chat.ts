/** Texts of the command that talks to the gateway. */
import { row } from '../command.ts'
import { CONFIG, KEY, MODEL } from './shared.ts'

export const CHAT = row({
  name: 'chat',
  summary: 'talk to the running gateway',
  about: [
    'Answers are shown as they come, each with a line below it: who answered, tokens, cost, time to the first token. ' +
      'At a terminal the conversation goes on: Ctrl-C stops an answer, Ctrl-C again, Ctrl-D or /exit leaves. With TEXT, ' +
      'or with text in standard input, it asks once; the answer alone goes to standard output.',
  ],
  args: { text: { takes: 'TEXT', doc: 'one question; without it a conversation, or what standard input holds' } },
  flags: {
    model: { ...MODEL, doc: 'a model, a route or a strategy, such as auto:cheap', fallback: 'auto' },
    url: { takes: 'URL', doc: 'the gateway; else the one of the configuration on this machine' },
    key: KEY,
    config: CONFIG,
  },
  either: [{ flags: ['url', 'config'], why: 'the gateway at --url has its own configuration' }],
  examples: [
    { line: 'turnout chat', does: 'a conversation' },
    { line: 'turnout chat "What is a monad?"', does: 'one question' },
    { line: 'turnout chat --model auto:cheap < notes.txt', does: 'a question from a file' },
  ],
  guesses: ['ask', 'talk', 'prompt', 'repl'],
})
