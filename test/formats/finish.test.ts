import t from 'tap'
import type { Finish } from '../../src/core/finish.ts'
import { finishOf, standardReason, wordOf } from '../../src/formats/openai/finish.ts'

/** Words as the references and the sources of engines and clouds have them. */
const WORDS: Readonly<Record<Exclude<Finish, 'unknown'>, readonly string[]>> = {
  stop: [
    'stop',
    'STOP',
    'eos',
    'eos_token',
    'EOS_TOKEN',
    'end_turn',
    'END_TURN',
    'endTurn',
    'stop_sequence',
    'STOP_SEQUENCE',
    'stopSequence',
    'COMPLETE',
    'complete',
    'completed',
    'finished',
    'FINISH',
    'pause_turn',
    'stop_token',
    'stop_tokens',
    'stop_string',
    'stop_str',
    'stopped_eos',
    'stopped_word',
    'eogToken',
    'stopTrigger',
    'stop_criteria_met',
    'endoftext',
    'success',
    'FinishReason.STOP',
    'FINISH_REASON_STOP',
  ],
  length: [
    'length',
    'LENGTH',
    'max_tokens',
    'MAX_TOKENS',
    'maxTokens',
    'max_output_tokens',
    'max_new_tokens',
    'max_length',
    'MAX_LENGTH',
    'model_length',
    'token_limit',
    'stopped_limit',
    'ERROR_LIMIT',
    'context_length_exceeded',
    'model_context_window_exceeded',
    'FINISH_REASON_MAX_TOKENS',
    'max_output_reached',
    'truncated',
  ],
  tool_calls: ['tool_calls', 'TOOL_CALLS', 'tool_call', 'TOOL_CALL', 'tool_use', 'toolUse', 'tool-calls'],
  function_call: ['function_call', 'FUNCTION_CALL', 'functionCall'],
  content_filter: [
    'content_filter',
    'content-filter',
    'content_filtered',
    'SAFETY',
    'safety',
    'ERROR_TOXIC',
    'RECITATION',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'LANGUAGE',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'guardrail_intervened',
    'refusal',
    'sensitive',
    'MODEL_ARMOR',
  ],
  error: [
    'error',
    'ERROR',
    'abort',
    'aborted',
    'cancelled',
    'USER_CANCEL',
    'time_limit',
    'insufficient_system_resource',
    'unexpected_state',
    'network_error',
    'malformed_function_call',
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'malformed_model_output',
    'internal_error',
    'NO_IMAGE',
  ],
}

for (const [finish, words] of Object.entries(WORDS))
  t.test(`words that mean ${finish}`, async (t) => {
    for (const word of words) {
      t.equal(wordOf(word), word)
      t.equal(finishOf(word), finish, word)
      const seen = word === finish || finish === 'error' ? undefined : finish
      t.equal(standardReason(word), seen, `${word}, as callers see it`)
    }
  })

t.test('a word that is in no table is unknown, and stays as it came', async (t) => {
  for (const word of ['strange', 'OTHER', 'repetition', 'x'.repeat(100_000), 'stop it now', '停止', '__proto__', '0']) {
    t.equal(finishOf(word), 'unknown', word.slice(0, 20))
    t.equal(standardReason(word), undefined)
  }
})

t.test('what says that the answer goes on is no word', async (t) => {
  const none = [
    '',
    'null',
    'NULL',
    'None',
    'not_finished',
    'FINISH_REASON_UNSPECIFIED',
    'in_progress',
    'generating',
    ' ',
    '-',
  ]
  for (const reason of none) {
    t.equal(wordOf(reason), null, JSON.stringify(reason))
    t.equal(standardReason(reason), null, `${JSON.stringify(reason)} is written as null`)
  }
  for (const reason of [null, undefined, 0, 1, true, {}, []]) {
    t.equal(wordOf(reason), null, typeof reason)
    t.equal(standardReason(reason), undefined, 'as it came')
  }
})
