import t from 'tap'
import { overflowOf } from '../../src/backends/upstream/overflow.ts'

/** What engines and clouds say, the tokens of the prompt, and the most that there may be. */
const SAYINGS: readonly (readonly [message: string, tokens: number | null, most: number | null])[] = [
  ['request (1819 tokens) exceeds the available context size (512 tokens), try increasing it', 1819, 512],
  [
    "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input tokens, which exceeds this limit",
    2049,
    2048,
  ],
  [
    "This model's maximum context length is 65536 tokens. However, you requested 126674 tokens (118674 in the messages, 8000 in the completion).",
    118_674,
    65_536,
  ],
  [
    "This model's maximum context length is 131072 tokens. However, you requested about 132463 tokens (1463 of text input, 131000 in the output).",
    1463,
    131_072,
  ],
  [
    "This model's maximum context length is 262144 tokens. However, your messages resulted in 262897 tokens.",
    262_897,
    262_144,
  ],
  [
    "'max_tokens' is too large: 32000. This model's maximum context length is 2048 tokens and your request has 18 input tokens (32000 > 2048 - 18).",
    18,
    2048,
  ],
  ['prompt is too long: 210000 tokens > 200000 maximum', 210_000, 200_000],
  ['input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000', 190_000, 200_000],
  ['The prompt is too long: 140000, model maximum context length: 131071', 140_000, 131_071],
  ['The decoder prompt (length 2500) is longer than the maximum model length of 2048.', 2500, 2048],
  ['Prompt tokens (9000) exceeds context size (8192)', 9000, 8192],
  [
    'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load',
    13_055,
    4096,
  ],
  ["It exceeds the model's context length (4096 tokens).", null, 4096],
  ['Prompt is too long.', null, null],
]

for (const [message, tokens, most] of SAYINGS)
  t.test(message, async (t) => {
    t.strictSame(overflowOf(message), { tokens, most })
  })
