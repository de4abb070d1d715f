import t from 'tap'
import { type JudgedRequest, verdictOf } from '../../src/accounting/verdict.ts'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { clientClosed, GatewayError } from '../../src/core/errors.ts'
import type { SuccessSpec } from '../../src/core/settings.ts'
import type { CheckResult, Verdict } from '../../src/core/settlement.ts'
import type { RoutePlan } from '../../src/core/types.ts'
import { finishOf } from '../../src/formats/openai/finish.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { gatewayRequest } from '../support/factories.ts'

interface Case {
  readonly track?:
    (Partial<Pick<OpenAIAnswerState, 'content' | 'refused'>> & { readonly finish?: string | null }) | null
  readonly error?: GatewayError
  readonly fit?: CheckResult
  readonly success?: Partial<SuccessSpec>
  readonly embeddings?: boolean
  readonly unread?: boolean
}

function judged({ track = {}, error, fit, success = {}, embeddings = false, unread = false }: Case): Verdict {
  const request = embeddings
    ? gatewayRequest({ model: 'm', input: 'x' }, { endpoint: EMBEDDINGS })
    : gatewayRequest({ model: 'm' })
  const word = track?.finish === undefined ? 'stop' : track.finish
  const told = { finish: word === null ? null : finishOf(word), finishWord: word }
  const exchange = {
    track: Object.assign(new OpenAIAnswerState(), { content: true, ...track, ...told }),
    streamed: false,
    body: unread ? null : Buffer.from('{}'),
  }
  const ending: JudgedRequest = {
    request,
    plan: { success: { finish: null, json: false, schema: false, ...success } } as RoutePlan,
    answer: track === null ? null : { exchange },
    error: error ?? null,
  }
  return verdictOf(ending, fit ?? null)
}

const CASES: Readonly<Record<string, readonly [Case, boolean, number | null, Verdict['why']]>> = {
  'a good answer': [{}, true, 1, null],
  'tool calls': [{ track: { finish: 'tool_calls' } }, true, 1, null],
  'the old form of a tool call': [{ track: { finish: 'function_call' } }, true, 1, null],
  "Together's word": [{ track: { finish: 'eos' } }, true, 1, null],
  'what was checked fits': [{ fit: 'ok' }, true, 1, null],
  'could not be checked': [{ fit: 'unchecked' }, true, null, 'unchecked'],
  'no JSON': [{ fit: 'not_json' }, false, 0, 'not_json'],
  'another schema': [{ fit: 'schema_mismatch' }, false, 0, 'schema_mismatch'],
  'a tool that is not there': [{ fit: 'unknown_tool' }, false, 0, 'unknown_tool'],
  empty: [{ track: { content: false } }, false, 0, 'empty'],
  'empty and not JSON': [{ track: { content: false }, fit: 'not_json' }, false, 0, 'empty'],
  'a filter': [{ track: { finish: 'content_filter' } }, false, 0, 'refusal'],
  'a refusal': [{ track: { refused: true } }, false, 0, 'refusal'],
  'cut at a length': [{ track: { finish: 'length' } }, false, 0, 'truncated'],
  'cut at a length before the first word': [{ track: { finish: 'length', content: false } }, false, 0, 'truncated'],
  'cut where the context was full': [{ track: { finish: 'model_length' } }, false, 0, 'truncated'],
  'a length that the route takes': [{ track: { finish: 'length' }, success: { finish: ['length'] } }, true, 1, null],
  'a finish that the route does not take': [{ success: { finish: ['tool_calls'] } }, false, 0, 'finish'],
  'a finish that is not known': [{ track: { finish: 'strange' } }, true, null, 'unchecked'],
  'a finish that is not known, and what was checked does not fit': [
    { track: { finish: 'strange' }, fit: 'not_json' },
    false,
    0,
    'not_json',
  ],
  'a finish that is not known, of nothing': [{ track: { finish: 'strange', content: false } }, false, 0, 'empty'],
  'no finish': [{ track: { finish: null } }, true, null, 'unchecked'],
  'no finish, and nothing in it': [{ track: { finish: null, content: false } }, false, 0, 'empty'],
  'a strange finish where the route names its own': [
    { track: { finish: 'strange' }, success: { finish: ['stop'] } },
    false,
    0,
    'finish',
  ],
  'a strange finish that the route names': [
    { track: { finish: 'strange' }, success: { finish: ['strange'] } },
    true,
    1,
    null,
  ],
  'no finish where the route names its own': [
    { track: { finish: null }, success: { finish: ['stop'] } },
    false,
    null,
    'finish',
  ],
  'a word of another family for what the route names': [
    { track: { finish: 'END_TURN' }, success: { finish: ['stop'] } },
    true,
    1,
    null,
  ],
  "an engine's own word that the route names": [
    { track: { finish: 'MAX_TOKENS' }, success: { finish: ['MAX_TOKENS'] } },
    true,
    1,
    null,
  ],
  'cut, by the word of another family': [{ track: { finish: 'max_tokens' } }, false, 0, 'truncated'],
  'refused, by the word of another family': [{ track: { finish: 'SAFETY' } }, false, 0, 'refusal'],
  'the engine failed': [{ track: { finish: 'error' } }, false, null, 'finish'],
  'the engine gave up': [{ track: { finish: 'abort', content: false } }, false, null, 'finish'],
  'the caller left': [{ error: clientClosed() }, false, null, 'client_closed'],
  'the caller left before there was an answer': [{ track: null, error: clientClosed() }, false, null, 'client_closed'],
  'a broken stream': [
    { error: new GatewayError('upstream_incomplete', 'x'), fit: 'not_json' },
    false,
    null,
    'upstream_incomplete',
  ],
  'nobody answered': [{ track: null, error: new GatewayError('no_backend', 'x') }, false, null, 'no_backend'],
  'too large to be read': [{ unread: true, track: { finish: null, content: false } }, true, null, 'unchecked'],
  embeddings: [{ embeddings: true, track: { finish: null } }, true, null, null],
  'no embeddings': [{ embeddings: true, track: { finish: null, content: false } }, false, null, 'empty'],
}

for (const [name, [given, success, score, why]] of Object.entries(CASES))
  t.test(name, async (t) => {
    const censored = why === 'truncated'
    t.strictSame(judged(given), { success, score, censored, why })
  })
