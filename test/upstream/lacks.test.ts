import t from 'tap'
import type { GatewayError } from '../../src/core/errors.ts'
import { embeddedFault, readFault } from '../../src/formats/read-fault.ts'
import { answerFault, statusOf } from '../../src/backends/upstream/fault.ts'
import { backend, provider } from '../support/factories.ts'

/** What engines and clouds answer when they, or their models, cannot: who says it, with which status, in which words, and what is lacking. */
const UP = backend()
const LLAMA = backend({
  provider: provider({ local: true, response: { callerErrors: [{ status: 500, pattern: 'input is not supported' }] } }),
})

const answered = (status: number, body: string, asked: readonly string[] | null = null, spec = UP): GatewayError =>
  answerFault(spec, status, readFault(body), null, asked === null ? undefined : (lack) => asked.includes(lack))

const openai = (message: string, code: string | number | null = null, param: string | null = null): string =>
  JSON.stringify({ error: { message, type: 'invalid_request_error', param, code } })
const flat = (message: string): string =>
  JSON.stringify({ object: 'error', message, type: 'BadRequestError', param: null, code: 400 })

type Refusal = readonly [from: string, status: number, body: string, lack: string | null]

const VISION: readonly Refusal[] = [
  ['vLLM', 400, openai('/models/qwen2.5-7b is not a multimodal model', 400), 'vision'],
  ['vLLM, older', 400, flat('TinyLlama/TinyLlama-1.1B is not a multimodal model None'), 'vision'],
  ['vLLM, no pictures allowed', 400, openai('At most 0 image(s) may be provided in one prompt.', 400), 'vision'],
  ['vLLM 0.5', 400, flat('Unknown part type: image_url is not supported for this model'), 'vision'],
  [
    'llama.cpp',
    500,
    openai('image input is not supported - hint: if this is unexpected, you may need to provide the mmproj', 500),
    'vision',
  ],
  ['Ollama', 500, openai('Failed to process inputs: this model is missing data required for image input'), 'vision'],
  ['Ollama cloud', 400, openai('this model does not support image input (ref: b8bd630e)'), 'vision'],
  ['LM Studio', 400, '{"error":"Model does not support images. Please use a model that does."}', 'vision'],
  ['OpenAI', 400, openai('Invalid content type. image_url is only supported by certain models.'), 'vision'],
  ['OpenAI o3-mini', 400, openai('Image inputs are not supported with this model.', 'unsupported_value'), 'vision'],
  ['Groq', 400, openai('messages[1].content must be a string'), 'vision'],
  [
    'Groq, newer',
    400,
    openai(
      "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)] image_url is not supported",
    ),
    'vision',
  ],
  [
    'Mistral',
    400,
    '{"object":"error","message":"Image content is only supported by vision models","type":"invalid_request_error","code":"3051"}',
    'vision',
  ],
  [
    'DeepSeek',
    400,
    openai(
      'Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `image_url`, expected `text` at line 1 column 123',
      'invalid_request_error',
    ),
    'vision',
  ],
  ['Together', 400, openai('Model meta-llama/Llama-3-8b does not support multimodal input'), 'vision'],
  ['Fireworks', 400, openai('This model does not support image inputs'), 'vision'],
  ['xAI', 400, '{"code":"invalid-argument","error":"Image inputs are not supported by this model."}', 'vision'],
  ['OpenRouter', 404, '{"error":{"message":"No endpoints found that support image input","code":404}}', 'vision'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Image input modality is not enabled for models/gemma-3-1b-it","status":"INVALID_ARGUMENT"}}]',
    'vision',
  ],
  ['Moonshot', 400, openai('Invalid request: Image input not supported for model kimi-k2-0711-preview'), 'vision'],
  ['Ark', 400, openai('Model do not support image input. Request id: 0217888847', 'InvalidParameter'), 'vision'],
  [
    'SiliconFlow',
    400,
    '{"code":20041,"message":"The model is not a VLM (Vision Language Model). Please use text-only prompts.","data":null}',
    'vision',
  ],
  [
    'Bedrock',
    400,
    '{"message":"This model doesn\'t support the image content block that you provided in a message"}',
    'vision',
  ],
  ['Cerebras', 422, openai('Content of type image_url is not supported for this model', 'wrong_api_format'), 'vision'],
  ['SGLang', 400, flat('This model does not support multimodal inputs'), 'vision'],
  ['Copilot', 400, openai('vision is not supported', 'unsupported_value'), 'vision'],
  [
    'behind OpenRouter',
    400,
    JSON.stringify({
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: { raw: openai('DeepSeek-V3 is not a multimodal model'), provider_name: 'X' },
      },
    }),
    'vision',
  ],
]

const AUDIO: readonly Refusal[] = [
  [
    'llama.cpp',
    500,
    openai('audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj'),
    'audio',
  ],
  ['OpenAI', 400, openai('Invalid content type. input_audio is only supported by certain models.'), 'audio'],
  ['OpenRouter', 404, '{"error":{"message":"No endpoints found that support audio input","code":404}}', 'audio'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Audio input modality is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]',
    'audio',
  ],
  ['vLLM', 400, openai('At most 0 audio(s) may be provided in one prompt.', 400), 'audio'],
]

const TOOLS: readonly Refusal[] = [
  [
    'vLLM',
    400,
    openai('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', 400),
    'tools',
  ],
  ['Ollama', 400, openai('registry.ollama.ai/library/gemma3:1b does not support tools', null), 'tools'],
  ['llama.cpp', 500, openai('tools param requires --jinja flag'), 'tools'],
  ['llama.cpp, newer', 400, openai('tool_choice param requires --jinja flag'), 'tools'],
  ['Groq', 400, openai('`tool calling` is not supported with this model'), 'tools'],
  [
    'OpenAI',
    400,
    openai("Unsupported parameter: 'tools' is not supported with this model.", 'unsupported_parameter', 'tools'),
    'tools',
  ],
  ['Mistral', 400, flat('Function calling is not enabled for this model'), 'tools'],
  ['DeepSeek', 400, openai('deepseek-reasoner does not support Function Calling'), 'tools'],
  [
    'OpenRouter',
    404,
    '{"error":{"message":"No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/guides/routing/provider-selection","code":404}}',
    'tools',
  ],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Function calling is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]',
    'tools',
  ],
  ['Bedrock', 400, '{"message":"This model doesn\'t support tool use."}', 'tools'],
  ['Bedrock, streamed', 400, '{"message":"This model doesn\'t support tool use in streaming mode."}', 'tools'],
  [
    'SiliconFlow',
    400,
    '{"code":20037,"message":"Function call is not supported for this model.","data":null}',
    'tools',
  ],
  ['Perplexity', 400, openai('Tool calling is not supported for this model'), 'tools'],
  ['Together', 400, openai('Model does not support function calling', 'tool_use_unsupported'), 'tools'],
  [
    'LiteLLM',
    400,
    openai("litellm.UnsupportedParamsError: groq does not support parameters: ['tools'], for model=x", '400'),
    'tools',
  ],
]

const OTHERS: readonly Refusal[] = [
  ['Ollama', 400, openai('"llama3" does not support thinking'), 'reasoning'],
  ['Groq', 400, openai('`reasoning_effort` is not supported with this model'), 'reasoning'],
  [
    'xAI',
    400,
    '{"code":"invalid-argument","error":"Model grok-4.20-0309-reasoning does not support parameter reasoningEffort."}',
    'reasoning',
  ],
  ['Anthropic', 400, openai('adaptive thinking is not supported on this model'), 'reasoning'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Thinking is not enabled for models/gemini-2.0-flash","status":"INVALID_ARGUMENT"}}]',
    'reasoning',
  ],
  ['Groq, a value', 400, openai('`reasoning_effort` must be one of `none` or `default`'), 'reasoning_effort'],
  [
    'Ollama, a value',
    400,
    openai('invalid reasoning value: "xhigh" (must be "high", "medium", "low", or "none")'),
    'reasoning_effort',
  ],
  [
    'OpenAI, a value',
    400,
    openai(
      "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low', 'medium', and 'high'.",
      'unsupported_value',
      'reasoning_effort',
    ),
    'reasoning_effort',
  ],
  ['Ollama', 400, openai('"nomic-embed-text" does not support chat'), 'chat'],
  ['Ollama', 400, openai('"nomic-embed-text" does not support generate'), 'completions'],
  ['Ollama', 400, openai('this model does not support embeddings'), 'embeddings'],
  ['Ollama', 400, openai('registry.ollama.ai/library/llama3:latest does not support insert'), 'suffix'],
  ['vLLM', 400, openai('The model does not support Chat Completions API', 400), 'chat'],
  ['vLLM', 400, openai('The model does not support Embeddings API', 400), 'embeddings'],
  [
    'OpenAI',
    404,
    openai(
      'This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?',
      null,
      'model',
    ),
    'endpoint',
  ],
  [
    'Azure',
    400,
    openai(
      'The chatCompletion operation does not work with the specified model, gpt-5-codex. Please choose different model and try again.',
      'OperationNotSupported',
    ),
    'chat',
  ],
  ['Groq', 400, openai('The model `whisper-large-v3` does not support chat completions'), 'chat'],
  [
    'xAI',
    400,
    '{"code":"Client specified an invalid argument","error":"The model grok-2-image-1212 is an image model and is therefore not available on this endpoint for chat completions."}',
    'endpoint',
  ],
  [
    'Copilot',
    400,
    openai('model "gpt-5-codex" is not accessible via the /chat/completions endpoint', 'unsupported_api_for_model'),
    'endpoint',
  ],
  ['OpenAI', 403, openai('You are not allowed to request logprobs from this model'), 'logprobs'],
  [
    'OpenAI o1',
    400,
    openai("Unsupported parameter: 'logprobs' is not supported with this model.", 'unsupported_parameter', 'logprobs'),
    'logprobs',
  ],
  ['Groq', 400, openai("property 'logprobs' is unsupported"), 'logprobs'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Logprobs is not enabled for models/gemini-2.5-flash","status":"INVALID_ARGUMENT"}}]',
    'logprobs',
  ],
  ['DeepSeek', 400, openai('deepseek-reasoner does not support the parameter `logprobs`'), 'logprobs'],
  [
    'OpenAI',
    400,
    openai(
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
      null,
      'response_format',
    ),
    'json_schema',
  ],
  [
    'Groq',
    400,
    openai('This model does not support response format `json_schema`. See supported models at the console'),
    'json_schema',
  ],
  ['DeepSeek', 400, openai('This response_format type is unavailable now'), 'json_schema'],
  [
    'SiliconFlow',
    400,
    '{"code":20024,"message":"Json mode is not supported for this model.","data":null}',
    'json_schema',
  ],
  [
    'LM Studio',
    400,
    "{\"error\":\"'response_format.type' must be 'json_schema' or 'text' and must be one of these\"}",
    'json_schema',
  ],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"JSON mode is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]',
    'json_schema',
  ],
  [
    'OpenAI',
    400,
    openai(
      "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
      'unsupported_value',
      'temperature',
    ),
    'temperature',
  ],
  ['Anthropic', 400, openai('`temperature` is deprecated for this model.'), 'temperature'],
  [
    'OpenAI',
    400,
    openai("Unsupported parameter: 'stop' is not supported with this model.", 'unsupported_parameter', 'stop'),
    'stop',
  ],
  [
    'Bedrock',
    400,
    '{"message":"This model doesn\'t support the stopSequences field. Remove stopSequences and try again."}',
    'stop',
  ],
  ['xAI', 400, '{"code":"invalid-argument","error":"Argument not supported on this model: stop"}', 'stop'],
  [
    'xAI',
    400,
    '{"code":"invalid-argument","error":"Model grok-3-mini does not support parameter presencePenalty."}',
    'presence_penalty',
  ],
  [
    'OpenAI',
    400,
    openai(
      "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
      'unsupported_parameter',
      'parallel_tool_calls',
    ),
    'parallel_tool_calls',
  ],
  ['llama.cpp', 400, openai('Only one completion choice is allowed', 400), 'n'],
  ['Groq', 400, openai("'n' : number must be at most 1"), 'n'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Multiple candidates is not enabled for this model","status":"INVALID_ARGUMENT"}}]',
    'n',
  ],
  [
    'Anthropic',
    400,
    openai('This model does not support assistant message prefill. The conversation must end with a user message.'),
    'prefill',
  ],
  ['llama.cpp', 400, openai('Assistant response prefill is incompatible with enable_thinking.', 400), 'prefill'],
  [
    'OpenAI o1',
    400,
    openai(
      "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
      'unsupported_value',
      'messages[0].role',
    ),
    'role:system',
  ],
  ['Gemma on vLLM', 400, openai('System role not supported', 400), 'role:system'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]',
    'role:system',
  ],
  [
    'vLLM',
    400,
    openai(
      'Model "m" does not support matryoshka representation, changing output dimensions will lead to poor results.',
      400,
    ),
    'dimensions',
  ],
  [
    'OpenAI',
    400,
    openai(
      'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
      null,
      'max_tokens',
    ),
    'max_tokens',
  ],
  ['DeepSeek', 400, openai('Invalid max_tokens value, the valid range of max_tokens is [1, 8192]'), 'max_tokens'],
  [
    'Anthropic',
    400,
    openai('max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for claude-x'),
    'max_tokens',
  ],
  [
    'DashScope',
    400,
    openai('This model only support stream mode, please enable the stream parameter to access the model. '),
    'whole',
  ],
  ['DashScope', 400, openai('parameter.enable_thinking must be set to false for non-streaming calls'), 'whole'],
  [
    'Ollama cloud',
    403,
    openai('this model requires a subscription, upgrade for access: https://ollama.com/upgrade (ref: b7b9)'),
    'model',
  ],
  [
    'Groq',
    403,
    openai(
      'The model `x` requires terms acceptance. Please have the org admin accept the terms',
      'model_terms_required',
    ),
    'model',
  ],
  ['Groq', 403, openai('The model `x` is blocked at the project level.', 'model_permission_blocked_project'), 'model'],
  [
    'Bedrock',
    400,
    '{"message":"Invocation of model ID x with on-demand throughput isn\'t supported. Retry your request with the ID of an inference profile"}',
    'model',
  ],
  [
    'Hugging Face',
    400,
    openai("The requested model 'x' is not supported by any provider you have enabled.", 'model_not_supported'),
    null,
  ],
]

const ALL = [...VISION, ...AUDIO, ...TOOLS, ...OTHERS]

for (const [from, status, body, lack] of ALL)
  t.test(`${from}, ${status}: ${body.slice(0, 150)}`, async (t) => {
    const error = answered(status, body, lack === null ? [] : [lack])
    t.equal(error.code, 'upstream_cannot')
    t.equal(error.lack?.name, lack)
    t.equal(error.about, 'model')
    t.ok(
      error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 403,
      String(error.status),
    )
  })

t.test('at least thirty engines and clouds', async (t) => {
  const names = new Set(
    ALL.map(([from]) =>
      from.replace(/,? (0\.\d|o\d.*|older|newer|cloud|a value|streamed|no pictures allowed|on vLLM)$/, ''),
    ),
  )
  t.ok(names.size >= 25, [...names].join(', '))
})

t.test('the same words are a mistake of the caller where the request asks for no such thing', async (t) => {
  for (const [from, status, body, lack] of ALL) {
    if (lack === null || lack === 'model' || lack === 'endpoint') continue
    const error = answered(status, body, ['something else'])
    t.not(error.code, 'upstream_cannot', `${from}: ${body}`)
  }
})

const CALLERS: readonly (readonly [status: number, body: string])[] = [
  [400, openai("Missing required parameter: 'messages'.")],
  [400, openai('messages must have a length of at least 1')],
  [
    400,
    openai(
      "Invalid value: 'alien'. Supported values are: 'system', 'assistant', 'user'.",
      'invalid_value',
      'messages[0].role',
    ),
  ],
  [400, openai('Invalid image format. Image type image/bmp is not supported by this model', null, 'messages')],
  [
    400,
    openai(
      "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
      'invalid_image_format',
    ),
  ],
  [400, openai('Failed to download image from https://example.org/x.png: the server does not support it')],
  [400, openai('Invalid base64 image_url.', 'invalid_base64')],
  [
    400,
    openai(
      "Invalid 'user': string too long. Expected a string with maximum length 64.",
      'string_above_max_length',
      'user',
    ),
  ],
  [
    400,
    openai(
      "Invalid type for 'temperature': expected a decimal, but got a string instead.",
      'invalid_type',
      'temperature',
    ),
  ],
  [
    400,
    openai(
      "Invalid schema for function 'f': 'str' is not valid under any of the given schemas.",
      'invalid_function_parameters',
      'tools[0].function.parameters',
    ),
  ],
  [
    422,
    '{"detail":[{"loc":["body","messages",0,"content"],"msg":"Input should be a valid string","type":"string_type","input":"this model does not support tools or images"}]}',
  ],
  [
    400,
    openai(
      "[{'type': 'string_type', 'loc': ('body', 'x'), 'msg': 'Input should be a valid string', 'input': 'the model does not support images, tools, thinking'}]",
    ),
  ],
  [
    400,
    openai(
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
      null,
      'messages',
    ),
  ],
  [400, openai('top_p must be in (0, 1], got 7.')],
  [413, openai('Request body too large')],
  [404, openai("404, message='Not Found', url='https://example.org/cat.png'")],
  [415, openai('wrong media type')],
]

for (const [status, body] of CALLERS)
  t.test(`a mistake of the caller stays one: ${body.slice(0, 120)}`, async (t) => {
    const asked = ['vision', 'tools', 'audio', 'reasoning', 'chat', 'temperature', 'user', 'stop', 'top_p']
    const error = answered(status, body, asked)
    t.equal(error.code, 'invalid_request', error.message)
  })

const TOO_LONG: readonly (readonly [from: string, status: number, body: string])[] = [
  [
    'xAI',
    400,
    '{"code":"Client specified an invalid argument","error":"This model\'s maximum prompt length is 131072 but the request contains 136973 tokens."}',
  ],
  [
    'DashScope',
    400,
    openai(
      '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]',
      'invalid_parameter_error',
    ),
  ],
  ['Moonshot', 400, openai('Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)')],
  ['Zhipu', 400, '{"error":{"code":"1261","message":"Prompt exceeds max length"}}'],
  ['Zhipu, in Chinese', 400, '{"error":{"code":"1261","message":"Prompt 超长"}}'],
  ['Bedrock', 400, '{"message":"Input is too long for requested model."}'],
  ['Bedrock', 400, '{"message":"too many total text bytes: 5000000 > 1000000"}'],
  [
    'Bedrock',
    400,
    '{"message":"The model returned the following errors: Too many input tokens. Max input tokens: 8192, request input token count: 9000"}',
  ],
  ['Bedrock', 400, '{"message":"ValidationException: Input exceeds the max input token limit"}'],
  [
    'LM Studio',
    400,
    '{"error":"The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input."}',
  ],
  ['LM Studio', 400, '{"error":"Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}'],
  ['LM Studio', 400, openai('Trying to keep the first 15857 tokens when context the overflows.')],
  ['exllama', 400, openai('Prompt length 10000 is greater than max_seq_len 4096')],
  ['TabbyAPI', 500, '{"detail":"Request length 71599 + 2048 is greater than max_seq_len 65536"}'],
  [
    'exllamav3',
    400,
    openai('Job requires 4500 pages (only 16 available) and cannot be enqueued. Total cache allocated is 4096 tokens'),
  ],
  [
    'TGI',
    422,
    '{"error":"Input validation error: `inputs` must have less than 4095 tokens. Given: 5000","error_type":"validation"}',
  ],
  [
    'TGI',
    422,
    '{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000","error_type":"validation"}',
  ],
  ['SGLang', 400, flat("Requested token count exceeds the model's maximum context length of 4096 tokens.")],
  ['SGLang', 400, flat("The input (5000 tokens) is longer than the model's context length (4096 tokens).")],
  [
    'Cohere',
    400,
    '{"message":"too many tokens: size limit exceeded by 1234 tokens. Try using shorter or fewer inputs. The limit for this model is 4081 tokens."}',
  ],
  ['Cohere', 400, '{"message":"total tokens exceeds the model\'s max of 4096"}'],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"Unable to submit request because the input token count is 32825 but model only supports up to 32768.","status":"INVALID_ARGUMENT"}}]',
  ],
  [
    'Gemini',
    400,
    '[{"error":{"code":400,"message":"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}]',
  ],
  [
    'Mistral',
    400,
    '{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":"3051"}',
  ],
  [
    'DeepSeek',
    400,
    openai(
      "This model's maximum context length is 65536 tokens. However, you requested 126674 tokens (118674 in the messages, 8000 in the completion).",
    ),
  ],
  ['Anthropic', 400, openai('prompt is too long: 210000 tokens > 200000 maximum')],
  ['Anthropic', 400, openai('input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000')],
  ['Anthropic', 413, openai('Prompt is too long')],
  [
    'OpenAI',
    400,
    openai(
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
      'context_length_exceeded',
    ),
  ],
  ['Groq', 400, openai('Please reduce the length of the messages or completion.', 'context_length_exceeded')],
  [
    'Copilot',
    400,
    openai('prompt token count of 130000 exceeds the limit of 64000', 'model_max_prompt_tokens_exceeded'),
  ],
  [
    'GitHub Models',
    413,
    openai('Request body too large for gpt-4o model. Max size: 8000 tokens.', 'tokens_limit_reached'),
  ],
  ['MiniMax', 400, openai('invalid params, context window exceeds limit (2013)')],
  [
    'SiliconFlow',
    400,
    '{"code":20015,"message":"length of prompt_tokens (40000) must be less than max_seq_len (32768).","data":null}',
  ],
  [
    'Cloudflare',
    413,
    '{"errors":[{"message":"AiError: The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (8192).","code":5021}],"error":"The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (8192)."}',
  ],
  [
    'Cerebras',
    400,
    openai(
      'Please reduce the length of the messages or completion. Current length is 8210 while limit is 8192',
      'context_length_exceeded',
    ),
  ],
  ['Perplexity', 400, openai('The total length of all messages is too long.')],
  ['Fireworks', 400, openai('The prompt is too long: 140000, model maximum context length: 131071')],
  [
    'Ark',
    400,
    openai('Total tokens of image and text exceed max message tokens. Request id: 0217', 'InvalidParameter'),
  ],
  ['watsonx', 400, openai('the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model')],
  [
    'TensorRT-LLM',
    400,
    openai('The sum of prompt length (9000), query length (0) should not exceed max_num_tokens (8192)'),
  ],
  ['Xinference', 400, openai('The decoder prompt (length 21535) is longer than the maximum model length of 16384.')],
  ['llama-cpp-python', 400, openai('Requested tokens (5000) exceed context window of 4096', 'context_length_exceeded')],
  ['llama-cpp-python', 500, openai('Prompt exceeds n_ctx: 2892 > 2048')],
  ['Ollama', 400, openai('the input length exceeds the context length')],
  ['Ollama cloud', 400, openai('prompt too long; exceeded max context length by 51 tokens')],
  ['LMDeploy', 400, openai('The input length exceeds the session_len of the engine')],
  [
    'OpenRouter',
    400,
    openai(
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 132463 tokens (1463 of text input, 131000 in the output).",
      400,
    ),
  ],
  [
    'behind OpenRouter',
    400,
    JSON.stringify({
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: {
          raw: openai(
            "This model's maximum context length is 262144 tokens. However, your messages resulted in 262897 tokens.",
          ),
          provider_name: 'Nvidia',
        },
      },
    }),
  ],
  [
    'ds4',
    400,
    '{"error":{"message":"Prompt tokens (9000) exceeds context size (8192)","type":"context_exceeded","n_prompt_tokens":9000,"n_ctx":8192}}',
  ],
]

for (const [from, status, body] of TOO_LONG)
  t.test(`too long for ${from}: ${body.slice(0, 120)}`, async (t) => {
    const error = answered(status, body)
    t.equal(error.code, 'context_length_exceeded', error.message)
    t.equal(error.status, 400)
    t.equal(error.upstreamCode, null, 'clients branch on this code by its own name')
  })

const FLAGGED: readonly (readonly [from: string, status: number, body: string])[] = [
  [
    'OpenRouter',
    403,
    '{"error":{"code":403,"message":"openai/gpt-4o requires moderation on OpenAI. Your input was flagged for \\"violence\\". No credits were charged.","metadata":{"reasons":["violence"],"flagged_input":"the secret words","provider_name":"OpenAI","model_slug":"openai/gpt-4o"}}}',
  ],
  [
    'OpenRouter, fields alone',
    403,
    '{"error":{"code":403,"message":"Forbidden","metadata":{"reasons":["violence"],"flagged_input":"the secret words"}}}',
  ],
  [
    'OpenRouter, a guardrail',
    403,
    '{"error":{"code":403,"message":"Request blocked: prompt injection patterns detected","metadata":{"error_type":"permission_denied"}}}',
  ],
  [
    'OpenRouter, typed',
    403,
    '{"error":{"code":403,"message":"no","metadata":{"error_type":"content_policy_violation"}}}',
  ],
  [
    'OpenAI',
    400,
    openai('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt'),
  ],
  [
    'OpenAI, images',
    400,
    openai('Your request was rejected as a result of our safety system.', 'content_policy_violation'),
  ],
  [
    'Azure',
    400,
    '{"error":{"code":"content_filter","message":"The response was filtered due to the prompt triggering Azure OpenAI\'s content management policy.","param":"prompt","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
  ],
  ['DashScope', 400, openai('Input data may contain inappropriate content.', 'data_inspection_failed')],
  ['Zhipu', 400, '{"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容"}}'],
  [
    'Moonshot',
    400,
    '{"error":{"message":"The request was rejected because it was considered high risk","type":"content_filter"}}',
  ],
  ['DeepSeek', 400, openai('Content Exists Risk')],
  [
    'xAI',
    403,
    '{"code":"The caller does not have permission to execute the specified operation","error":"Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}',
  ],
  ['Anthropic', 400, openai('Output blocked by content filtering policy')],
  ['Cohere', 400, '{"message":"blocked output: this generation may be a potential violation of our usage guidelines"}'],
  ['Bedrock', 400, '{"message":"The input was blocked by content filters."}'],
]

for (const [from, status, body] of FLAGGED)
  t.test(`flagged by ${from}`, async (t) => {
    const error = answered(status, body)
    t.equal(error.code, 'content_filter', error.message)
    t.equal(error.about, 'request')
    t.notMatch(`${JSON.stringify(error)} ${error.message}`, /secret words/)
  })

t.test('a flag inside a 200 or a stream is one too', async (t) => {
  for (const [from, status, body] of FLAGGED) {
    const value = JSON.parse(body) as { error?: { code?: unknown } }
    const fault = embeddedFault(
      value.error instanceof Object ? value : { error: { code: status, message: readFault(body).message } },
    )!
    t.equal(answerFault(UP, statusOf(fault), fault).code, 'content_filter', `${from}: ${statusOf(fault)}`)
  }
})

type Limit = readonly [from: string, status: number, body: string, code: string, about: string]

const LIMITS: readonly Limit[] = [
  [
    'Groq, by the minute',
    413,
    openai(
      'Request too large for model `openai/gpt-oss-120b` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 8000, Requested 8590, please reduce your message size and try again.',
      'rate_limit_exceeded',
    ),
    'upstream_rate_limited',
    'request',
  ],
  [
    'Groq',
    429,
    openai(
      'Rate limit reached for model `llama-3.1-8b-instant` in organization `org_1` on tokens per minute (TPM): Limit 6000, Used 5990, Requested 90. Please try again in 800ms. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing',
      'rate_limit_exceeded',
    ),
    'upstream_rate_limited',
    'model',
  ],
  [
    'OpenAI',
    429,
    openai(
      'Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.',
      'rate_limit_exceeded',
    ),
    'upstream_rate_limited',
    'model',
  ],
  [
    'OpenAI, too large for its minute',
    429,
    openai(
      'Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 62000.',
      'rate_limit_exceeded',
    ),
    'upstream_rate_limited',
    'request',
  ],
  [
    'Gemini',
    429,
    '[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: gemini-2.5-pro Please retry in 31.2s.","status":"RESOURCE_EXHAUSTED"}}]',
    'upstream_rate_limited',
    'model',
  ],
  [
    'Anthropic',
    429,
    openai("This request would exceed your organization's rate limit of 50,000 input tokens per minute"),
    'upstream_rate_limited',
    'backend',
  ],
  ['a key', 429, openai('Too many requests for this API key'), 'upstream_rate_limited', 'backend'],
  [
    'OpenRouter, a day',
    429,
    '{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"}}',
    'upstream_rate_limited',
    'backend',
  ],
  [
    'OpenRouter, one provider',
    429,
    '{"error":{"code":429,"message":"Provider returned error","metadata":{"raw":"x/y:free is temporarily rate-limited upstream","provider_name":"X"}}}',
    'upstream_rate_limited',
    'model',
  ],
  ['without a word', 429, '', 'upstream_rate_limited', 'model'],
  [
    'OpenAI without credit',
    429,
    openai('You exceeded your current quota, please check your plan.', 'insufficient_quota'),
    'upstream_quota',
    'backend',
  ],
  ['DeepSeek without credit', 402, openai('Insufficient Balance'), 'upstream_quota', 'backend'],
  [
    'OpenRouter, one that is too dear',
    402,
    openai(
      'This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 1234.',
      402,
    ),
    'upstream_quota',
    'request',
  ],
  ['a wrong key', 401, openai('Incorrect API key provided'), 'upstream_auth', 'backend'],
  ['a key that is not let in', 403, openai('Your IP is not authorized'), 'upstream_auth', 'backend'],
  [
    'OpenAI, a region',
    403,
    openai('Country, region, or territory not supported', 'unsupported_country_region_territory'),
    'upstream_auth',
    'backend',
  ],
  ['Gemini, one model', 503, openai('The model is overloaded. Please try again later.'), 'overloaded', 'model'],
  ['Anthropic', 529, openai('Overloaded'), 'overloaded', 'model'],
  ['a model that is not there', 404, openai("model 'x' not found"), 'upstream_model_missing', 'model'],
  [
    'SiliconFlow, not there',
    400,
    '{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}',
    'upstream_model_missing',
    'model',
  ],
  ['DeepSeek, not there', 400, openai('Model Not Exist'), 'upstream_model_missing', 'model'],
  ['OpenRouter, not there', 400, openai('foo/bar is not a valid model ID', 400), 'upstream_model_missing', 'model'],
  [
    'Groq, a call that it garbled',
    400,
    openai(
      "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
      'tool_use_failed',
    ),
    'upstream_error',
    'model',
  ],
]

for (const [from, status, body, code, about] of LIMITS)
  t.test(`${from}: ${code}, which is about the ${about}`, async (t) => {
    const error = answered(status, body)
    t.equal(error.code, code, error.message)
    t.equal(error.about, about)
  })

t.test('an engine of its own has one queue for all of its models, unless it speaks of one', async (t) => {
  t.equal(
    answered(503, openai('server busy, please try again. maximum pending requests exceeded'), null, LLAMA).about,
    'backend',
  )
  t.equal(answered(503, openai('Loading model'), null, LLAMA).about, 'model')
})

t.test("the engine's own code is for the caller where it is a plain one", async (t) => {
  const code = (body: string): string | null => answered(400, body).upstreamCode
  t.equal(code(openai('too long', 'string_above_max_length', 'user')), 'string_above_max_length')
  t.equal(
    code(openai("'max_tokens' is not supported with this model", 'unsupported_parameter')),
    'unsupported_parameter',
  )
  t.equal(code(openai('m', 400)), null)
  t.equal(code(openai('m', 'Client specified an invalid argument')), null)
  t.equal(code(openai('m', 'x'.repeat(65))), null)
  t.equal(code(openai('m', 'budget_exceeded')), null, 'a code of ours means what our table says')
})
