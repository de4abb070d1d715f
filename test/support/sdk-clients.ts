/** The official clients, unmodified: one question in the words of each, and what the program behind it gets. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { type Content, GoogleGenAI, type GenerateContentResponse } from '@google/genai'
import {
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  stepCountIs,
  streamText,
  type ToolSet,
} from 'ai'
import { type ChatResponse, type Message as OllamaMessage, Ollama } from 'ollama'
import OpenAI from 'openai'

export const QUESTION = 'Is it warm in Vienna and in Graz?'
export const RULE = 'Be brief.'
export const LIMIT = 500
const TEMPERATURE = 0.5
export const CITY = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
}
const TOOL = { name: 'get_weather', description: 'The weather of a city, now.' }

export interface Question {
  readonly stream: boolean
  /** The tool is offered. */
  readonly tools?: boolean
  /** The tool was called before, twice at once, and gave this: cities and their weather. */
  readonly results?: readonly (readonly [city: string, weather: string])[]
}

export interface Got {
  readonly text: string
  readonly thoughts: string
  /** Names and arguments, as JSON. */
  readonly calls: readonly (readonly [name: string, args: string])[]
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'filtered'
  readonly input: number
  readonly output: number
  readonly cached: number | null
}

export interface Client {
  readonly name: string
  /** Id of the endpoint that it asks. */
  readonly endpoint: string
  /** That it asks for; absent: none. */
  readonly temperature?: number
  /** It has no place for what was thought. */
  readonly thoughtless?: boolean
  ask(url: string, model: string, question: Question, key?: string): Promise<Got>
}

const callId = (at: number): string => `call_${at}`
const FINISHES: Readonly<Record<string, Got['finish']>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'filtered',
  end_turn: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  refusal: 'filtered',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'filtered',
  'tool-calls': 'tool_calls',
  'content-filter': 'filtered',
}

function finishOf(word: string | null | undefined, calls: readonly unknown[] = []): Got['finish'] {
  const finish = FINISHES[word ?? '']
  if (finish === undefined) throw new Error(`"${word}" is no end that this client knows`)
  // Gemini and Ollama have one word for both.
  return finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish
}

// ---------------------------------------------------------------- openai

const openai = (url: string, key: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })

type ChatMessage = OpenAI.Chat.ChatCompletionMessageParam

function chatMessages({ results = [] }: Question): ChatMessage[] {
  const asked: ChatMessage[] = [
    { role: 'system', content: RULE },
    { role: 'user', content: QUESTION },
  ]
  if (results.length === 0) return asked
  const tool_calls = results.map(([city], at) => ({
    id: callId(at),
    type: 'function' as const,
    function: { name: TOOL.name, arguments: JSON.stringify({ city }) },
  }))
  const gave = results.map(([, content], at) => ({ role: 'tool' as const, tool_call_id: callId(at), content }))
  return [...asked, { role: 'assistant', content: null, tool_calls }, ...gave]
}

/** Where engines put it: the types of this client do not have it. */
const thoughtIn = (message: object): string =>
  'reasoning_content' in message && typeof message.reasoning_content === 'string' ? message.reasoning_content : ''

const CHAT: Client = {
  name: 'openai, chat',
  endpoint: 'chat',
  temperature: TEMPERATURE,
  async ask(url, model, question, key = 'sk-any') {
    const client = openai(url, key)
    const body = {
      model,
      messages: chatMessages(question),
      max_tokens: LIMIT,
      temperature: TEMPERATURE,
      ...(question.tools === true
        ? { tools: [{ type: 'function' as const, function: { ...TOOL, parameters: CITY } }] }
        : {}),
    }
    const told: string[] = []
    const streamed = (): Promise<OpenAI.Chat.ChatCompletion> =>
      client.chat.completions
        .stream({ ...body, stream: true, stream_options: { include_usage: true } })
        // The helper keeps the last piece of a field that it does not know.
        .on('chunk', ({ choices }) => told.push(...choices.map(({ delta }) => thoughtIn(delta))))
        .finalChatCompletion()
    const answer = question.stream ? await streamed() : await client.chat.completions.create(body)
    const { message, finish_reason } = answer.choices[0]!
    return {
      text: message.content ?? '',
      thoughts: question.stream ? told.join('') : thoughtIn(message),
      calls: (message.tool_calls ?? []).map((call) =>
        call.type === 'function' ? [call.function.name, call.function.arguments] : ['', ''],
      ),
      finish: finishOf(finish_reason),
      input: answer.usage?.prompt_tokens ?? 0,
      output: answer.usage?.completion_tokens ?? 0,
      cached: answer.usage?.prompt_tokens_details?.cached_tokens ?? 0,
    }
  },
}

const RESPONSES: Client = {
  name: 'openai, responses',
  endpoint: 'responses',
  temperature: TEMPERATURE,
  async ask(url, model, { stream, tools, results = [] }, key = 'sk-any') {
    const client = openai(url, key)
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: QUESTION },
      ...results.map(([city], at) => ({
        type: 'function_call' as const,
        call_id: callId(at),
        name: TOOL.name,
        arguments: JSON.stringify({ city }),
      })),
      ...results.map(([, output], at) => ({ type: 'function_call_output' as const, call_id: callId(at), output })),
    ]
    const body = {
      model,
      input,
      instructions: RULE,
      max_output_tokens: LIMIT,
      temperature: TEMPERATURE,
      store: false,
      ...(tools === true ? { tools: [{ type: 'function' as const, ...TOOL, parameters: CITY, strict: false }] } : {}),
    }
    const answer = stream
      ? await client.responses.stream({ ...body, stream: true }).finalResponse()
      : await client.responses.create(body)
    // Nothing is thrown for it.
    if (answer.status === 'failed') throw new Error(answer.error?.message ?? 'failed')
    const calls = answer.output.flatMap((item): [string, string][] =>
      item.type === 'function_call' ? [[item.name, item.arguments]] : [],
    )
    const reason = answer.incomplete_details?.reason
    return {
      text: answer.output_text,
      thoughts: answer.output
        .flatMap((item) => (item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : []))
        .map(({ text }) => text)
        .join(''),
      calls,
      finish: finishOf(reason === 'max_output_tokens' ? 'length' : (reason ?? 'stop'), calls),
      input: answer.usage?.input_tokens ?? 0,
      output: answer.usage?.output_tokens ?? 0,
      cached: answer.usage?.input_tokens_details.cached_tokens ?? 0,
    }
  },
}

// ---------------------------------------------------------------- Anthropic

/** `version`: what older clients send, with the key where they have it; null: as this client does. */
const messages = (name: string, version: string | null): Client => ({
  name,
  endpoint: 'messages',
  async ask(url, model, { stream, tools, results = [] }, key = 'sk-any') {
    const client = new Anthropic({
      baseURL: url,
      maxRetries: 0,
      ...(version === null
        ? { apiKey: key }
        : { authToken: null, apiKey: null, defaultHeaders: { 'anthropic-version': version, 'x-api-key': key } }),
    })
    const said: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }]
    if (results.length > 0)
      said.push(
        {
          role: 'assistant',
          content: results.map(([city], at) => ({
            type: 'tool_use' as const,
            id: callId(at),
            name: TOOL.name,
            input: { city },
          })),
        },
        {
          role: 'user',
          content: results.map(([, content], at) => ({
            type: 'tool_result' as const,
            tool_use_id: callId(at),
            content,
          })),
        },
      )
    const body = {
      model,
      messages: said,
      system: [{ type: 'text' as const, text: RULE }],
      max_tokens: LIMIT,
      ...(tools === true ? { tools: [{ ...TOOL, input_schema: CITY }] } : {}),
    }
    const answer = stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body)
    const { usage } = answer
    const cached = usage.cache_read_input_tokens ?? 0
    return {
      text: answer.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      thoughts: answer.content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
      calls: answer.content.flatMap((block): [string, string][] =>
        block.type === 'tool_use' ? [[block.name, JSON.stringify(block.input)]] : [],
      ),
      finish: finishOf(answer.stop_reason),
      input: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      cached,
    }
  },
})

// ---------------------------------------------------------------- Google

const GEMINI: Client = {
  name: '@google/genai',
  endpoint: 'gemini_generate',
  temperature: TEMPERATURE,
  async ask(url, model, { stream, tools, results = [] }, key = 'sk-any') {
    const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } })
    const contents: Content[] = [{ role: 'user', parts: [{ text: QUESTION }] }]
    if (results.length > 0)
      contents.push(
        {
          role: 'model',
          parts: results.map(([city], at) => ({ functionCall: { id: callId(at), name: TOOL.name, args: { city } } })),
        },
        {
          role: 'user',
          parts: results.map(([, result], at) => ({
            functionResponse: { id: callId(at), name: TOOL.name, response: { result } },
          })),
        },
      )
    const request = {
      model,
      contents,
      config: {
        systemInstruction: RULE,
        maxOutputTokens: LIMIT,
        temperature: TEMPERATURE,
        thinkingConfig: { includeThoughts: true },
        ...(tools === true ? { tools: [{ functionDeclarations: [{ ...TOOL, parametersJsonSchema: CITY }] }] } : {}),
      },
    }
    const answers: GenerateContentResponse[] = []
    if (stream) for await (const one of await client.models.generateContentStream(request)) answers.push(one)
    else answers.push(await client.models.generateContent(request))
    const parts = answers.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    const calls = parts.flatMap(({ functionCall }): [string, string][] =>
      functionCall === undefined ? [] : [[functionCall.name ?? '', JSON.stringify(functionCall.args)]],
    )
    const usage = answers.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata
    return {
      text: parts.flatMap(({ text, thought }) => (text === undefined || thought === true ? [] : [text])).join(''),
      thoughts: parts.flatMap(({ text, thought }) => (thought === true ? [text ?? ''] : [])).join(''),
      calls,
      finish: finishOf(
        answers.findLast(({ candidates }) => candidates?.[0]?.finishReason)?.candidates?.[0]?.finishReason,
        calls,
      ),
      input: usage?.promptTokenCount ?? 0,
      output: (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0),
      cached: usage?.cachedContentTokenCount ?? 0,
    }
  },
}

// ---------------------------------------------------------------- Ollama

const OLLAMA: Client = {
  name: 'ollama',
  endpoint: 'ollama_chat',
  temperature: TEMPERATURE,
  async ask(url, model, { stream, tools, results = [] }, key = 'sk-any') {
    const client = new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } })
    const said: OllamaMessage[] = [
      { role: 'system', content: RULE },
      { role: 'user', content: QUESTION },
    ]
    if (results.length > 0)
      said.push(
        {
          role: 'assistant',
          content: '',
          tool_calls: results.map(([city]) => ({ function: { name: TOOL.name, arguments: { city } } })),
        },
        ...results.map(([, content]) => ({ role: 'tool', content, tool_name: TOOL.name })),
      )
    const request = {
      model,
      messages: said,
      options: { num_predict: LIMIT, temperature: TEMPERATURE },
      ...(tools === true ? { tools: [{ type: 'function', function: { ...TOOL, parameters: CITY } }] } : {}),
    }
    const answers: ChatResponse[] = []
    if (stream) for await (const one of await client.chat({ ...request, stream: true })) answers.push(one)
    else answers.push(await client.chat(request))
    const calls = answers.flatMap(({ message }) =>
      (message.tool_calls ?? []).map((call): [string, string] => [
        call.function.name,
        JSON.stringify(call.function.arguments),
      ]),
    )
    const last = answers.at(-1)!
    return {
      text: answers.map(({ message }) => message.content).join(''),
      thoughts: answers.map(({ message }) => message.thinking ?? '').join(''),
      calls,
      finish: finishOf(last.done_reason, calls),
      input: last.prompt_eval_count,
      output: last.eval_count,
      cached: null,
    }
  },
}

// ---------------------------------------------------------------- Vercel's ai

const TOOLS: ToolSet = { [TOOL.name]: { description: TOOL.description, inputSchema: jsonSchema(CITY) } }

const vercel = (
  name: string,
  endpoint: string,
  modelAt: (url: string, model: string, key: string) => LanguageModel,
  traits: Pick<Client, 'thoughtless'> = {},
): Client => ({
  ...traits,
  name: `ai, ${name}`,
  endpoint,
  async ask(url, model, { stream, tools, results = [] }, key = 'sk-any') {
    const said: ModelMessage[] = [{ role: 'user', content: QUESTION }]
    if (results.length > 0)
      said.push(
        {
          role: 'assistant',
          content: results.map(([city], at) => ({
            type: 'tool-call' as const,
            toolCallId: callId(at),
            toolName: TOOL.name,
            input: { city },
          })),
        },
        {
          role: 'tool',
          content: results.map(([, value], at) => ({
            type: 'tool-result' as const,
            toolCallId: callId(at),
            toolName: TOOL.name,
            output: { type: 'text' as const, value },
          })),
        },
      )
    const request = {
      model: modelAt(url, model, key),
      system: RULE,
      messages: said,
      maxOutputTokens: LIMIT,
      maxRetries: 0,
      stopWhen: stepCountIs(1),
      ...(tools === true ? { tools: TOOLS } : {}),
      // Thoughts are told to who asks for them.
      providerOptions: {
        openai: { reasoningSummary: 'auto', forceReasoning: true },
        google: { thinkingConfig: { includeThoughts: true } },
      },
    }
    const answer = stream ? streamed(request) : await generateText(request)
    const usage = await answer.usage
    const calls = (await answer.toolCalls).map(({ toolName, input }): [string, string] => [
      toolName,
      JSON.stringify(input),
    ])
    return {
      text: await answer.text,
      thoughts: (await answer.reasoningText) ?? '',
      calls,
      finish: finishOf(await answer.finishReason),
      input: usage.inputTokens ?? 0,
      output: usage.outputTokens ?? 0,
      cached: usage.inputTokenDetails.cacheReadTokens ?? 0,
    }
  },
})

/** What fails is thrown to who asks, and not written to the console. */
function streamed(request: Parameters<typeof streamText>[0]): ReturnType<typeof streamText> {
  return streamText({
    ...request,
    onError: () => undefined,
  })
}

export const CLIENTS: readonly Client[] = [
  CHAT,
  RESPONSES,
  messages('@anthropic-ai/sdk', null),
  messages('@anthropic-ai/sdk, as its older versions ask', '2023-06-01'),
  GEMINI,
  OLLAMA,
  vercel('openai, chat', 'chat', (url, model, apiKey) => createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat(model), {
    thoughtless: true,
  }),
  vercel('openai, responses', 'responses', (url, model, apiKey) =>
    createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses(model),
  ),
  vercel('anthropic', 'messages', (url, model, apiKey) => createAnthropic({ baseURL: `${url}/v1`, apiKey })(model)),
  vercel('google', 'gemini_generate', (url, model, apiKey) =>
    createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey })(`models/${model}`),
  ),
]
