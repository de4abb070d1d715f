/** Outside of formats/ no file knows how a wire format spells anything: what src/README.md says, held against every file. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import t from 'tap'

const SOURCE = resolve(import.meta.dirname, '../../../src')

/** Members of requests, answers and events that are no English words: nowhere in the code. */
const NAMES = [
  ...['finish_reason', 'tool_call_id', 'tool_calls', 'function_call', 'response_format', 'stream_options'],
  ...['max_completion_tokens', 'prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'reasoning_content'],
  ...['image_url', 'input_audio', 'tool_choice', 'reasoning_effort', 'chat_template_kwargs', 'encoding_format'],
  ...['done_reason', 'prompt_eval_count', 'eval_count', 'num_predict', 'prompt_eval_duration'],
  ...['prompt_cache_key', 'previous_response_id', 'content_block_delta', 'stop_reason', 'input_schema'],
  ...['stop_sequences', 'tool_use', 'tool_result', 'cache_control', 'output_config', 'budget_tokens', 'message_start'],
  ...[
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'disable_parallel_tool_use',
    'message_stop',
    'end_turn',
  ],
]
/** Those that are: never as the text of a name. */
const WORDS = ['choices', 'delta', 'messages', 'max_tokens', 'role', 'functions']

/** Why a file may name some. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'core/finish.ts': 'neutral finish reasons, which `success.finish` of a route and the ledger spell so',
  'core/endpoints.ts': 'ids of endpoints',
  'backends/upstream/lacks.ts': 'reads the sentences with which backends refuse; they name what is refused',
  'cli/start-screen.ts': 'prints a first request to try',
  'http/pages/front-page.ts': 'shows a first request to try',
  'cli/agents.ts': 'the name of an API, and what a setting of an agent is called',
  'cli/ledger-csv.ts': "a column of the gateway's own ledger",
  'ledger/rows-of.ts': 'the same column',
  'gguf/chat-template.ts': 'what chat templates in model files are called by',
  'config/provider-schema.ts': 'the documentation of a provider file, whose values are names of the wire',
  'config/foreign-names.ts': 'what people write for options of ours who know them by another name',
  'config/backend-schema.ts': 'the help of `include_usage` names the field that it leaves out',
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  // The demo is a backend: it speaks the format.
  .filter((path) => path.endsWith('.ts') && !/^(formats|demo)\//.test(path))

/** Without comments: they may explain what a format does. */
const codeOf = (text: string): string => text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')

function found(text: string): string[] {
  const code = codeOf(text)
  return [
    ...NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(code)),
    ...WORDS.filter((word) => new RegExp(`(['"\`])${word}\\1`).test(code)),
    ...(code.includes('[DONE]') ? ['[DONE]'] : []),
  ]
}

const read = (path: string): string => readFileSync(join(SOURCE, path), 'utf8')

t.test('the search finds what it is meant to find, and no comment', async (t) => {
  t.strictSame(found("const a = body['choices']\nconst b = choice.finish_reason // tool_calls"), [
    'finish_reason',
    'choices',
  ])
  t.strictSame(found("/** `finish_reason` of `'choices'` */\nconst choices = prompt.choices"), [])
  t.strictSame(found("if (data === '[DONE]') return"), ['[DONE]'])
})

t.test('outside of formats/ no file names what a wire format does', async (t) => {
  t.ok(files.length > 200, `${files.length} files`)
  const offences = files
    .filter((path) => !(path in EXCEPTIONS))
    .flatMap((path) => found(read(path)).map((word) => `src/${path}: ${word}`))
  t.strictSame(offences, [])
})

t.test('every exception is there and still needs to be one', async (t) => {
  for (const path of Object.keys(EXCEPTIONS)) t.not(found(read(path)).length, 0, path)
})

t.test('outside of formats/ no file imports the code of one wire format', async (t) => {
  const offences = files.filter((path) => /from '[^']*\/formats\/openai\//.test(read(path)))
  t.strictSame(offences, [])
})
